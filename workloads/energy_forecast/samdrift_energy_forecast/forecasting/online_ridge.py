"""Ridge regression that forgets: one a building and local hour, all solved together, updated a day at a time.

Weights minimise `sum_d forget^age_d (y_d - x_d w)^2 + penalty |w|^2`, the level all but free: recursive least squares
with exponential forgetting (Ljung, System Identification, 2nd ed., section 11.2) kept as normal equations, which stay
symmetric and positive where the recursion for the inverse drifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVEL_PENALTY = 1e-3


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Designs and loads, laid out once for all ridges."""

    #: Shape `(buildings, days, 24, p)`, the first feature the level; NaN where a lag is unknown.
    design: NDArray[np.float32]
    #: The same as `(buildings, 24, days, p)`, and loads `(buildings, 24, days)`; both 0 where a row is not known whole.
    rows: NDArray[np.float32]
    heat: NDArray[np.float32]
    #: Whether a day has a row that is known in full, shape `(buildings, days)`.
    teaches: NDArray[np.bool_]

    @classmethod
    def of(cls, design: NDArray[np.float32], target: NDArray[np.float64]) -> Regression:
        """From a design and loads of shape `(buildings, days, 24)`, NaN where nothing was read."""
        known = np.isfinite(target) & np.isfinite(design).all(axis=-1)
        rows = np.where(known[..., None], design, np.float32(0.0)).swapaxes(1, 2)
        heat = np.where(known, target, 0.0).astype(np.float32).swapaxes(1, 2)
        return cls(
            design=design,
            rows=np.ascontiguousarray(rows),
            heat=np.ascontiguousarray(heat),
            teaches=np.asarray(known.any(axis=2)),
        )

    def taught(self, lead: int) -> NDArray[np.int64]:
        """Days that a ridge has learned from when it forecasts each day, shape `(buildings, days)`."""
        ended = np.cumsum(self.teaches, axis=1)
        return np.concatenate([np.zeros((len(ended), 1 + lead), dtype=np.int64), ended], axis=1)[:, : ended.shape[1]]


@dataclass(frozen=True, kw_only=True)
class OnlineRidge:
    """How fast it forgets and how hard it shrinks."""

    #: Weight of a day relative to the day after it; 0.985 halves in 46 days.
    forget: float
    #: In days of readings.
    penalty: float = 2.0

    def forecasts(self, given: Regression, lead: int, solved: Sequence[int]) -> NDArray[np.float64]:
        """Forecasts of the days from `solved[0]` on, shape `(buildings, days, 24)`, NaN before.

        Args:
            given: designs and loads.
            lead: whole days between a forecast's issue and the beginning of its day: day d's forecast is by weights
                fitted on days before d - `lead`.
            solved: days for which the weights are solved anew, rising; days between keep the last ones.
        """
        rows, heat = given.rows, given.heat
        buildings, hours, days, width = rows.shape
        gram, moment = np.zeros((buildings, hours, width, width)), np.zeros((buildings, hours, width))
        ridge = self.penalty * np.eye(width)
        ridge[0, 0] = LEVEL_PENALTY
        expected = np.full((buildings, days, hours), np.nan)
        learned = 0
        for day, until in pairwise([*solved, days]):
            fresh = slice(learned, max(day - lead, learned))
            learned = fresh.stop
            gram, moment = self._updated(gram, moment, rows[:, :, fresh], heat[:, :, fresh])
            weights = np.linalg.solve(gram + ridge, moment[..., None])[..., 0]
            expected[:, day:until] = np.einsum("bdhp,bhp->bdh", given.design[:, day:until], weights)
        return expected

    def _updated(
        self,
        gram: NDArray[np.float64],
        moment: NDArray[np.float64],
        rows: NDArray[np.float32],
        heat: NDArray[np.float32],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Normal equations after the days of `rows`, shape `(buildings, 24, n, p)`, which are newer than all before."""
        count = rows.shape[2]
        kept = self.forget**count
        weights = (self.forget ** np.arange(count - 1, -1, -1)).astype(np.float32)
        weighted = (rows * weights[:, None]).swapaxes(-1, -2)
        return kept * gram + weighted @ rows, kept * moment + (weighted @ heat[..., None])[..., 0]
