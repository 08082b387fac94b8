"""How far the baseline is off on stretches of days that it was not fitted on: what an interval is made from.

Residuals of a fit say how well it fits, not how well it foretells: days follow each other (autocorrelation), and a
building's use drifts over weeks. So each stretch of the reference days is held out in turn, the model fitted on the
rest, and the error of the stretch's *sum* taken as a share of the expected sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.account.baseline import fit_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.baseline import Baseline
    from samdrift_energy_forecast.account.days import Days


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Errors of held-out stretches."""

    stretches: int
    #: Root of the squared errors over the squared expected sums: the typical error of a stretch's sum as a share of it.
    relative_error: float


def held_out(days: Days, chosen: NDArray[np.bool_], baseline: Baseline, *, length: int) -> HeldOut:
    """Hold out each stretch of at most `length` days of the days `chosen`."""
    parts = stretches(days.number, chosen, length)
    squares = expected_squares = 0.0
    for part in parts:
        rest = chosen.copy()
        rest[part] = False
        expected = float(fit_at(days, rest, baseline.base_c).expected_kwh(days)[part].sum())
        squares += (float(days.heat_kwh[part].sum()) - expected) ** 2
        expected_squares += expected**2
    relative = float(np.sqrt(squares / expected_squares)) if expected_squares else np.inf
    return HeldOut(stretches=len(parts), relative_error=relative)


def stretches(number: NDArray[np.int64], chosen: NDArray[np.bool_], length: int) -> list[NDArray[np.int64]]:
    """Places of the days `chosen` in stretches of at most `length` days, cut where more than three days are missing."""
    places = np.flatnonzero(chosen)
    parts: list[list[int]] = []
    for place in places:
        fits = (
            bool(parts) and number[place] - number[parts[-1][0]] < length and number[place] - number[parts[-1][-1]] <= 3
        )
        if fits:
            parts[-1].append(int(place))
        else:
            parts.append([int(place)])
    return [np.array(part, dtype=np.int64) for part in parts]
