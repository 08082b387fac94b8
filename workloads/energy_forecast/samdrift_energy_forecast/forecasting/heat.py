"""Heat of the next 72 hours under the fixed setback plan, with quantiles that a backtest calibrated.

Three members: a ridge that is fitted to the building and pulled towards its family, trees that learnt from the family
how such a ridge errs, and the value a week before. How much each counts is decided for every building by a backtest on
its own last days, so that a building with a week of readings does no worse than last week's values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.combination import simplex_weights
from samdrift_energy_forecast.forecasting.features import features, running
from samdrift_energy_forecast.forecasting.intervals import conformal_rank
from samdrift_energy_forecast.forecasting.ridge import FamilyModel, heat_scale
from samdrift_energy_forecast.surroundings.operation import stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.surroundings.operation import Operation

HORIZON_H = 72
#: Levels of the quantiles that a forecast carries.
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
#: The last days of the readings that the backtest keeps from the fit; a third at most.
CALIBRATION_DAYS = 14
#: Hours after the start of heating that form a residual group of their own: errors are largest there.
START_UP_H = 4
#: What a member weighs before a building has shown its errors, and how strongly it is pulled there.
PRIOR = {"ridge": 0.5, "trees": 0.5, "week_before": 0.0}
PULL = 1.0
#: What the value a week before weighs instead while readings are shorter than two weeks: no backtest can judge it yet.
#: Chosen on simulated winters cut to a week (0, 0.2, 0.3 and 0.5 tried).
COLD_START_SHARE, COLD_START_H = 0.3, 2 * hours.WEEK
#: Buildings that are forecast together; bounds memory (about 1 MB each for three months of readings).
CHUNK = 64


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Hours `first` to `first + 71`. Nothing later than `issued`, the hour in which `first` begins, went into it."""

    first: int
    #: Expected heat in kWh an hour, shape `(72,)`, never negative.
    heat_kwh: NDArray[np.float64]
    #: Shape `(len(LEVELS), 72)`, rising along the first axis.
    quantiles_kwh: NDArray[np.float64]
    #: Mean absolute error in kWh of the backtest that calibrated the quantiles, and its number of hours.
    backtest_mae_kwh: float
    backtest_hours: int
    #: How much each member counts; the names are `PRIOR`'s, those without a say left out.
    weights: dict[str, float]

    def quantile(self, level: float) -> NDArray[np.float64]:
        """The row of one of `LEVELS`, shape `(72,)`."""
        row: NDArray[np.float64] = self.quantiles_kwh[LEVELS.index(level)]
        return row


def forecast(readings: Readings, operation: Operation, family: FamilyModel) -> Forecast:
    """Forecast the 72 h after the operation's history.

    `operation` begins with the readings and ends 72 h after the issue time; readings may end earlier than the issue.
    """
    (made,) = forecasts([(readings, operation)], family)
    return made


def forecasts(buildings: Sequence[tuple[Readings, Operation]], family: FamilyModel) -> list[Forecast]:
    """Forecasts of many buildings, in their order, with the numbers that `forecast` gives one by one.

    Buildings whose operations cover the same hours are computed together, at most `CHUNK` of them at a time.
    """
    order = sorted(range(len(buildings)), key=lambda place: _hours_of(buildings[place][1]))
    made: dict[int, Forecast] = {}
    for _, group in groupby(order, key=lambda place: _hours_of(buildings[place][1])):
        places = list(group)
        for first in range(0, len(places), CHUNK):
            part = places[first : first + CHUNK]
            made |= zip(part, _together([buildings[place] for place in part], family), strict=True)
    return [made[place] for place in range(len(buildings))]


def _hours_of(operation: Operation) -> tuple[int, int]:
    return operation.first, len(operation)


def _together(buildings: Sequence[tuple[Readings, Operation]], family: FamilyModel) -> Iterator[Forecast]:
    operation = stacked([one for _, one in buildings])
    past = len(operation) - HORIZON_H
    heat_kwh = np.full(operation.temperature_c.shape, np.nan)
    for row, (readings, _) in zip(heat_kwh, buildings, strict=True):
        count = min(past, len(readings.heat_kwh))
        row[:count] = readings.heat_kwh[:count]
    start = past - min(CALIBRATION_DAYS, past // hours.DAY // 3) * hours.DAY
    tried = members(heat_kwh[:, :past], operation.window(operation.first, past), family, fit_until=start)
    names = list(tried)
    errors = np.stack([heat_kwh[:, start:past] - tried[name][:, start:] for name in names])
    weights = _weights(errors, _prior(names, past))
    ahead = members(heat_kwh, operation, family, fit_until=past)
    expected = np.einsum("mbk,bm->bk", np.stack([ahead[name][:, past:] for name in names]), weights)
    residuals = np.einsum("mbk,bm->bk", errors, weights)
    groups = _groups(operation)
    for place in range(len(buildings)):
        yield _made(
            operation.first + past,
            expected[place],
            residuals[place],
            groups[place, start:past],
            groups[place, past:],
            dict(zip(names, weights[place].tolist(), strict=True)),
        )


def members(
    heat_kwh: NDArray[np.float64], operation: Operation, family: FamilyModel, *, fit_until: int
) -> dict[str, NDArray[np.float64]]:
    """Expected heat of all hours in kWh by member, each `(buildings, n)`, fitted on the hours before `fit_until` alone.

    `heat_kwh` is NaN where nothing was read; from `fit_until` on it is used only through its lags of three days and
    more. The plant is taken to deliver no more than the most it has delivered.
    """
    scale, design, expected = ridge(heat_kwh, operation, family, fit_until)
    highest = np.nan_to_num(np.nanmax(heat_kwh[:, :fit_until], axis=1, keepdims=True), nan=np.inf)
    week_before = _without_holes(heat_kwh) / scale
    week_before = np.concatenate([np.full((len(heat_kwh), hours.WEEK), np.nan), week_before], axis=1)
    week_before = week_before[:, : heat_kwh.shape[1]]
    found = {"ridge": expected, "week_before": np.where(np.isfinite(week_before), week_before, expected)}
    if family.trees is not None:
        found["trees"] = expected + family.trees.corrections(design, expected)
    return {name: np.clip(found[name] * scale, 0.0, highest) for name in PRIOR if name in found}


def expected_heat(
    heat_kwh: NDArray[np.float64], operation: Operation, family: FamilyModel, *, fit_until: int
) -> NDArray[np.float64]:
    """The ridge's expected heat of all hours of one building in kWh, shape `(n,)`; as `members`."""
    scale, _, expected = ridge(heat_kwh[None], stacked([operation]), family, fit_until)
    clipped: NDArray[np.float64] = np.clip(expected[0] * scale[0], 0.0, np.nanmax(heat_kwh[:fit_until]))
    return clipped


def ridge(
    heat_kwh: NDArray[np.float64], operation: Operation, family: FamilyModel, fit_until: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scales `(buildings, 1)`, design without holes `(buildings, n, p)`, expected heat per scale `(buildings, n)`."""
    past = zip(heat_kwh[:, :fit_until], operation.temperature_c[:, :fit_until], strict=True)
    scale = np.array([heat_scale(heat, temperature) for heat, temperature in past])[:, None]
    heat = _without_holes(heat_kwh) / scale
    design = features(operation, heat)
    weights = family.adapted(design[:, :fit_until], heat_kwh[:, :fit_until] / scale)
    # Lags before the first reading are unknown: the building's own mean level stands in for them.
    known = np.isfinite(heat[:, :fit_until])
    mean = np.where(known, heat[:, :fit_until], 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    design = np.where(np.isnan(design), mean[:, None, None], design)
    return scale, design, np.einsum("bnp,bp->bn", design, weights)


def _prior(names: Sequence[str], past: int) -> NDArray[np.float64]:
    """What the members named weigh before a backtest over `past` hours of readings; they sum to 1."""
    share = COLD_START_SHARE if past < COLD_START_H else 0.0
    total = sum(PRIOR[name] for name in names)
    return np.array([(1 - share) * PRIOR[name] / total + share * (name == "week_before") for name in names])


def _weights(errors: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the members by their backtest, shape `(buildings, members)`; `errors` is `(members, buildings, k)`."""
    known = np.where(np.isfinite(errors).all(axis=0), errors, 0.0)
    covariance = np.einsum("mbk,nbk->bmn", known, known)
    return simplex_weights(covariance, prior, PULL)


def _made(
    issue: int,
    expected: NDArray[np.float64],
    residuals: NDArray[np.float64],
    tried_groups: NDArray[np.int64],
    groups: NDArray[np.int64],
    weights: dict[str, float],
) -> Forecast:
    """The forecast of one building: its quantiles are the backtest's errors of like hours around what is expected."""
    known = np.isfinite(residuals)
    days = len(residuals) / hours.DAY
    of_all = _offsets(residuals[known], days)
    if of_all is None:
        raise ReadingsError(f"Nothing was read in the last {len(residuals)} h that a forecast is judged by.")
    offsets = {int(group): _offsets(residuals[known & (tried_groups == group)], days) for group in np.unique(groups)}
    like = {group: of_all if found is None else found for group, found in offsets.items()}
    spread = np.stack([like[group] for group in groups.tolist()], axis=1)
    return Forecast(
        first=issue,
        heat_kwh=expected,
        quantiles_kwh=np.maximum.accumulate(np.maximum(0.0, expected + spread), axis=0),
        backtest_mae_kwh=float(np.abs(residuals[known]).mean()),
        backtest_hours=int(known.sum()),
        weights={name: weight for name, weight in weights.items() if weight > 0},
    )


def _offsets(residuals: NDArray[np.float64], days: float) -> NDArray[np.float64] | None:
    """Split-conformal offsets of all `LEVELS` from the errors of `days` days; None without residuals.

    Papadopoulos et al., ECML 2002; Lei et al., JASA 113 (2018) 1094-1111. Their (n + 1) / n counts cases that can be
    exchanged. Hours of a day cannot, so days are counted: levels move away from one half by (days + 1) / days.
    """
    if not len(residuals):
        return None
    levels = np.clip(0.5 + (np.array(LEVELS) - 0.5) * (days + 1) / days, 0.0, 1.0)
    ranks = conformal_rank(np.full(len(LEVELS), len(residuals)), levels)
    return np.asarray(np.sort(residuals)[ranks - 1])


def _groups(operation: Operation) -> NDArray[np.int64]:
    """0 set back, 1 the first hours of heating, 2 later hours of heating; the series' shape."""
    warm_for = running(operation.is_warm)
    return np.where(warm_for == 0, 0, np.where(warm_for <= START_UP_H, 1, 2))


def _without_holes(heat_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Missing hours filled with the same hour of the nearest day before; used for lags alone. `(buildings, n)`."""
    filled = heat_kwh.copy()
    for first in range(hours.DAY, filled.shape[1], hours.DAY):
        day, before = filled[:, first : first + hours.DAY], filled[:, first - hours.DAY : first]
        np.copyto(day, before[:, : day.shape[1]], where=np.isnan(day))
    return filled
