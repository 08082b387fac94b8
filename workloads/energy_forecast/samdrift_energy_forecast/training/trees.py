"""Grows the family's trees: how the pulled ridge of a building that the family does not know is off.

The trees are shown what they will meet: ridges that were fitted on the days before an origin alone and pulled towards a
family without the building's own kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.forecasting.heat import HORIZON_H, ridge
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.forecasting.trees import FamilyTrees, tree_rows
from samdrift_energy_forecast.surroundings.operation import stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.training.winters import Winter

#: Candidates for the number of trees.
ROUNDS = (10, 20, 40, 80)
PARAMETERS = {
    "objective": "l2",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_child_samples": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """What one winter teaches: rows of `tree_rows`, and how much more heat there was than the ridge said."""

    building: str
    #: Shapes `(n, p + 1)` and `(n,)`, in heat per scale.
    rows: NDArray[np.float64]
    missed: NDArray[np.float64]


def lessons(winter: Winter, readings: Readings, family: FamilyModel, starts: Iterable[int]) -> Lessons:
    """From forecasts made at the hours `starts`, with `family` not knowing the winter's kind of building."""
    rows, missed = [], []
    for origin in starts:
        until = origin + HORIZON_H
        heat_kwh = np.where(np.arange(until) < origin, readings.heat_kwh[:until], np.nan)[None]
        operation = stacked([winter.operation.window(winter.first_hour, until)])
        scale, design, expected = ridge(heat_kwh, operation, family, origin)
        rows.append(tree_rows(design[0, origin:], expected[0, origin:]))
        missed.append(readings.heat_kwh[origin:until] / scale[0] - expected[0, origin:])
    return Lessons(building=winter.building, rows=np.concatenate(rows), missed=np.concatenate(missed))


def grow(taught: list[Lessons]) -> FamilyTrees:
    """As many trees as serve a left-out kind of building best."""
    errors = {rounds: _left_out_error(taught, rounds) for rounds in ROUNDS}
    return FamilyTrees(_grown(taught, min(errors, key=errors.__getitem__)))


def _left_out_error(taught: list[Lessons], rounds: int) -> float:
    """Mean over kinds of buildings of the squared error that is left when the kind was not among the lessons."""
    left = []
    for kind in sorted({one.building for one in taught}):
        trees = FamilyTrees(_grown([one for one in taught if one.building != kind], rounds))
        for one in (lesson for lesson in taught if lesson.building == kind):
            corrected = one.missed - trees.corrections(one.rows[:, :-1], one.rows[:, -1])
            left.append((corrected**2).mean() / (one.missed**2).mean())
    return float(np.mean(left))


def _grown(taught: list[Lessons], rounds: int) -> str:
    import lightgbm

    weight = np.concatenate([np.full(len(one.missed), 1 / (one.missed**2).mean()) for one in taught])
    known = lightgbm.Dataset(
        np.concatenate([one.rows for one in taught]), np.concatenate([one.missed for one in taught]), weight=weight
    )
    text: str = lightgbm.train(PARAMETERS, known, rounds).model_to_string()
    return text
