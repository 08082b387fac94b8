"""How well forecasts would have done: made once a day at 00 UTC, with the loads known then, and judged later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.day_ahead import LEVELS, DayAhead, Recipe, day_ahead
from samdrift_energy_forecast.forecasting.panel import HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.panel import Panel

#: ASHRAE Guideline 14: an hourly model is calibrated with a CVRMSE of at most this.
GUIDELINE_14_CVRMSE = 0.30
#: Levels whose pinball losses are averaged, and the bounds of the 80 % interval.
PINBALL_LEVELS = (0.1, 0.5, 0.9)
LOW, HIGH = 0.1, 0.9
#: Buildings that are forecast together; bounds memory (about 40 MB each for four years).
CHUNK = 64


@dataclass(frozen=True, kw_only=True)
class Score:
    """One building's figures over the test. All are None where its mean load is 0 or nothing was read."""

    #: Root mean square error and mean error (measured - forecast) over the mean load: ASHRAE Guideline 14's, p = 0.
    cvrmse: float | None
    nmbe: float | None
    #: Mean pinball loss over `PINBALL_LEVELS` in kWh.
    pinball: float | None
    #: Share of hours within the interval from 0.1 to 0.9 quantile.
    coverage80: float | None
    #: Hours judged.
    n: int
    #: What the last forecast was made of.
    model: str


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days of a panel: the training ends before `trained_until`, forecasts are issued from `first` to the end."""

    trained_until: int
    first: int

    @classmethod
    def of(cls, first_day: date, *, train_end: date, test_start: date) -> Period:
        """From dates, `train_end` included, unless it is the day of the test's start: what is judged is never learnt.

        Raises:
            ReadingsError: the test begins before the training's end, or the training is shorter than `LEAST_DAYS`.
        """
        if test_start < train_end:
            raise ReadingsError(f"The test begins on {test_start}, but the training ends with {train_end}. Move one.")
        first = (test_start - first_day).days
        period = cls(trained_until=min((train_end - first_day).days + 1, first), first=first)
        if period.trained_until < LEAST_DAYS:
            raise ReadingsError(
                f"The training has {max(period.trained_until, 0)} days; at least {LEAST_DAYS} are needed."
            )
        return period


#: What the week before is needed for.
LEAST_DAYS = 7


def backtest(
    panel: Panel, period: Period, *, horizon_h: int = HOURS, recipe: Recipe = Recipe.MIXTURE
) -> dict[str, Score]:
    """Scores by building over all forecasts issued from `period.first` on, `horizon_h` hours each."""
    scores: dict[str, Score] = {}
    for chunk in panel.chunks(CHUNK):
        made = [
            day_ahead(chunk, trained_until=period.trained_until, first=period.first, lead=lead, recipe=recipe)
            for lead in range(-(-horizon_h // HOURS))
            if period.first + lead < chunk.days
        ]
        scores |= dict(zip(chunk.buildings, _scores(chunk, made, horizon_h), strict=True))
    return scores


def _scores(panel: Panel, made: Sequence[DayAhead], horizon_h: int) -> list[Score]:
    measured, expected, quantiles = [], [], []
    for one in made:
        hours = min(HOURS, horizon_h - HOURS * one.lead)
        measured.append(_flat(panel.loads_kwh[:, one.first :, :hours]))
        expected.append(_flat(one.expected_kwh[..., :hours]))
        quantiles.append(one.quantiles_kwh[..., :hours].reshape(len(LEVELS), len(panel.buildings), -1))
    joined = np.concatenate(measured, axis=1), np.concatenate(expected, axis=1), np.concatenate(quantiles, axis=2)
    return [
        score(joined[0][place], joined[1][place], joined[2][:, place], described(made[0], place))
        for place in range(len(panel.buildings))
    ]


def score(
    measured: NDArray[np.float64], expected: NDArray[np.float64], quantiles: NDArray[np.float64], model: str
) -> Score:
    """Figures of one building from `(n,)`, `(n,)` and `(len(LEVELS), n)`; hours without a reading are left out."""
    known = np.isfinite(measured) & np.isfinite(expected) & np.isfinite(quantiles).all(axis=0)
    heat, error = measured[known], measured[known] - expected[known]
    count = int(known.sum())
    if not count or heat.mean() <= 0:
        return Score(cvrmse=None, nmbe=None, pinball=None, coverage80=None, n=count, model=model)
    bands = {level: row[known] for level, row in zip(LEVELS, quantiles, strict=True)}
    inside = (bands[LOW] <= heat) & (heat <= bands[HIGH])
    return Score(
        cvrmse=float(np.sqrt((error**2).mean()) / heat.mean()),
        nmbe=float(error.mean() / heat.mean()),
        pinball=float(np.mean([pinball(heat, bands[level], level) for level in PINBALL_LEVELS])),
        coverage80=float(inside.mean()),
        n=count,
        model=model,
    )


def pinball(measured: NDArray[np.float64], quantile: NDArray[np.float64], level: float) -> float:
    """Mean pinball loss in the unit of `measured`. Koenker & Bassett, Econometrica 46 (1978) 33-50."""
    short = measured - quantile
    return float(np.maximum(level * short, (level - 1) * short).mean())


def described(made: DayAhead, place: int) -> str:
    """A mixture in words, such as `boosting 0.67 + fast_ridge 0.33`, members without weight left out."""
    shares = sorted(zip(made.weights[place], made.members, strict=True), reverse=True)
    return " + ".join(f"{name} {share:.2f}" for share, name in shares if share >= 0.005)


def _flat(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.reshape(values.shape[0], -1)
