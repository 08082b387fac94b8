"""Forecasts once a day at 00 UTC: two ridges that forget, pooled trees, own trees, mixed per building by their errors.

Every number of a forecast depends on loads before its issue time alone. What is fitted once (the boosting, the
buildings' scales) is fitted on loads before `trained_until`; what adapts (ridges, mixture, intervals) takes in each day
when it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.forecasting import boosting, combination
from samdrift_energy_forecast.forecasting.boosting import OWN_TREES, POOLED, Boosting
from samdrift_energy_forecast.forecasting.designs import OWN, days_before, own_terms, shared_terms
from samdrift_energy_forecast.forecasting.intervals import rolling_quantiles
from samdrift_energy_forecast.forecasting.online_ridge import OnlineRidge, Regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.panel import Panel

LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
FAST, SLOW = OnlineRidge(forget=0.985), OnlineRidge(forget=0.997)
#: Days from which a ridge's forecasts are features of the boosting, and how often it is solved until the test.
RUN_IN_DAYS, SOLVE_EVERY_DAYS = 60, 7
#: How often the slow ridge is solved later on; the fast one is every day.
SLOW_EVERY_DAYS = 3
#: Days that a ridge must have learned from before it is believed.
LEAST_TAUGHT_DAYS = 7
#: Days before the first forecast on which mixture and intervals begin; the boosting they see has not learnt from them.
CALIBRATION_DAYS = 56
#: A shorter training than this has no boosting: its season and its calibration would share their days.
LEAST_BOOSTED_DAYS = RUN_IN_DAYS + 2 * CALIBRATION_DAYS
#: Hours that a building must have been read in for trees of its own.
LEAST_OWN_HOURS = 60 * 24


class Recipe(StrEnum):
    """What a forecast is made of."""

    #: Ridges, boosting over all buildings and boosting of each, mixed per building.
    MIXTURE = "mixture"
    #: The same without trees of each building's own: its cost per building falls with the fleet.
    POOLED = "pooled"
    #: The two ridges alone: several times faster.
    RIDGE = "ridge"


#: Members of a mixture by recipe, and what each weighs before a building has shown its errors.
PRIORS: dict[Recipe, dict[str, float]] = {
    Recipe.MIXTURE: {"fast_ridge": 0.1, "slow_ridge": 0.1, "pooled_trees": 0.4, "own_trees": 0.4},
    Recipe.POOLED: {"fast_ridge": 0.125, "slow_ridge": 0.125, "pooled_trees": 0.75},
    Recipe.RIDGE: {"fast_ridge": 0.5, "slow_ridge": 0.5},
}


@dataclass(frozen=True, kw_only=True)
class DayAhead:
    """Forecasts of days `first` to the panel's end, all made `lead` days before their day begins."""

    lead: int
    first: int
    #: Expected heat in kWh an hour, shape `(buildings, days, 24)`.
    expected_kwh: NDArray[np.float64]
    #: Shape `(len(LEVELS), buildings, days, 24)`, rising along the first axis, never negative.
    quantiles_kwh: NDArray[np.float64]
    #: The members' names, and their weights on the last day, shape `(buildings, members)`.
    members: tuple[str, ...]
    weights: NDArray[np.float64]

    def quantile(self, level: float) -> NDArray[np.float64]:
        """One of `LEVELS`, shape `(buildings, days, 24)`."""
        row: NDArray[np.float64] = self.quantiles_kwh[LEVELS.index(level)]
        return row


def day_ahead(
    panel: Panel, *, trained_until: int, first: int, lead: int = 0, recipe: Recipe = Recipe.MIXTURE
) -> DayAhead:
    """Forecast days `first + lead` to the panel's end.

    Args:
        panel: its weather is taken as the forecast that was known; loads are used only before each issue.
        trained_until: loads of this day and later fit neither the boosting nor the buildings' scales.
        first: the day of the first issue; not before `trained_until`.
        lead: whole days between an issue and the day that is forecast.
        recipe: boosting is left out where the training is shorter than `LEAST_BOOSTED_DAYS`.
    """
    if trained_until < LEAST_BOOSTED_DAYS:
        recipe = Recipe.RIDGE
    calibrated_from = max(trained_until - CALIBRATION_DAYS, trained_until // 2)
    prepared = _prepared(panel, trained_until, calibrated_from, lead, with_past=recipe is not Recipe.RIDGE)
    window = np.arange(calibrated_from, panel.days)
    fast = prepared.fast[:, window]
    members = [fast, prepared.slow[:, window]]
    if recipe is not Recipe.RIDGE:
        members += _boosted(prepared, calibrated_from, trained_until, with_own=recipe is Recipe.MIXTURE)
    # Where a member is silent the ridge speaks for it.
    members = [np.where(np.isfinite(member), member, fast) for member in members]
    loads = prepared.loads[:, window]
    prior = np.array(list(PRIORS[recipe].values()))
    weights = combination.daily_weights(loads[None] - np.stack(members), prior, lead)
    expected = np.einsum("mbdh,bdm->bdh", np.stack(members), weights)
    expected = np.clip(expected, 0.0, _highest(prepared.loads, window, lead))
    begins = first + lead - calibrated_from
    offsets = rolling_quantiles(loads - expected, panel.clock.is_free[window], LEVELS, begins, lead)
    made = expected[:, begins:]
    return DayAhead(
        lead=lead,
        first=first + lead,
        expected_kwh=made * prepared.scale_kwh,
        quantiles_kwh=np.maximum(made[None] + offsets, 0.0) * prepared.scale_kwh,
        members=tuple(PRIORS[recipe]),
        weights=weights[:, -1],
    )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A panel's designs and ridge forecasts for one lead, in units of each building's scale."""

    panel: Panel
    lead: int
    #: Mean load before the training's end in kWh, shape `(buildings, 1, 1)`.
    scale_kwh: NDArray[np.float64]
    loads: NDArray[np.float64]
    own: NDArray[np.float32]
    #: The two ridges' forecasts, shape `(buildings, days, 24)`; simple stand-ins where a ridge has none.
    fast: NDArray[np.float64]
    slow: NDArray[np.float64]

    def terms(self, days: NDArray[np.int64]) -> NDArray[np.float32]:
        """Terms of the boosting on `days`, shape `(buildings, len(days), 24, len(boosting.TERMS))`."""
        shape = (len(self.loads), len(days), self.loads.shape[2])
        shared = boosting.surroundings(self.panel, self.lead)[days]
        errors = boosting.errors(self.loads, self.fast, self.lead)[:, days]
        building = np.arange(shape[0])[:, None, None, None]
        parts = (
            np.broadcast_to(shared, (*shape, shared.shape[-1])),
            self.own[:, days, :, : len(OWN) - 1],
            days_before(self.loads.astype(np.float32), 3 + self.lead)[:, days, :, None],
            self.fast[:, days, :, None],
            self.slow[:, days, :, None],
            errors,
            np.broadcast_to(building, (*shape, 1)),
        )
        return np.concatenate([part.astype(np.float32, copy=False) for part in parts], axis=-1)


def _prepared(panel: Panel, trained_until: int, calibrated_from: int, lead: int, *, with_past: bool) -> Prepared:
    """Ridge forecasts from the calibration on, and `with_past` also of the days that trees learn from."""
    scale = _scale(panel.loads_kwh[:, :trained_until])
    loads = panel.loads_kwh / scale
    own = own_terms(loads, panel.clock.is_free, lead)
    run_in = min(RUN_IN_DAYS, calibrated_from // 2)
    past = list(range(run_in, calibrated_from, SOLVE_EVERY_DAYS)) if with_past else []
    given = _regression(panel, loads, own)
    fast, slow = (
        _in_utc(panel, ridge.forecasts(given, lead, [*past, *range(calibrated_from, panel.days, every)]))
        for ridge, every in ((FAST, 1), (SLOW, SLOW_EVERY_DAYS))
    )
    stand_in = _stand_in(own)
    green = (given.taught(lead) < LEAST_TAUGHT_DAYS)[..., None]
    return Prepared(
        panel=panel,
        lead=lead,
        scale_kwh=scale,
        loads=loads,
        own=own,
        fast=np.where(np.isfinite(fast) & ~green, np.maximum(fast, 0.0), stand_in),
        slow=np.where(np.isfinite(slow) & ~green, np.maximum(slow, 0.0), stand_in),
    )


def _scale(loads_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean load of each building, shape `(buildings, 1, 1)`; 1 for a building without a reading."""
    known = np.isfinite(loads_kwh)
    total = np.where(known, loads_kwh, 0.0).sum(axis=(1, 2), keepdims=True)
    mean = total / np.maximum(known.sum(axis=(1, 2), keepdims=True), 1)
    return np.where(mean > 0, mean, 1.0)


def _regression(panel: Panel, loads: NDArray[np.float64], own: NDArray[np.float32]) -> Regression:
    """What the ridges are fitted on, by local hour: each has weights of its own."""
    shared, order = shared_terms(panel), panel.clock.order
    by_hour = np.take_along_axis(shared, order[..., None], axis=1)
    design = np.empty((*loads.shape, shared.shape[-1] + own.shape[-1]), dtype=np.float32)
    design[..., : shared.shape[-1]] = by_hour
    design[..., shared.shape[-1] :] = np.take_along_axis(own, order[None, ..., None], axis=2)
    return Regression.of(design, np.take_along_axis(loads, order[None], axis=2))


def _in_utc(panel: Panel, by_local_hour: NDArray[np.float64]) -> NDArray[np.float64]:
    in_utc = np.empty_like(by_local_hour)
    np.put_along_axis(in_utc, np.broadcast_to(panel.clock.order[None], in_utc.shape), by_local_hour, axis=2)
    return in_utc


def _stand_in(own: NDArray[np.float32]) -> NDArray[np.float64]:
    """What is expected while a ridge has learned too little: last week's value and the mean of days of the same kind.

    Where one is not known the other stands alone, at the very beginning the last day.
    """
    week, same, last = (
        own[..., OWN.index(name)].astype(np.float64) for name in ("week_before", "same_kind", "last_day")
    )
    week, same = np.where(np.isfinite(week), week, same), np.where(np.isfinite(same), same, week)
    return np.where(np.isfinite(week), (week + same) / 2, last)


def _boosted(
    prepared: Prepared, calibrated_from: int, trained_until: int, *, with_own: bool
) -> list[NDArray[np.float64]]:
    """Forecasts from `calibrated_from` on, of pooled trees and perhaps of each building's own.

    Those of the calibration are by models that end before it.
    """
    days = prepared.panel.days
    around = int(prepared.panel.clock.day_of_year[(trained_until + days) // 2])
    parts = [
        _grown(prepared, until, end, around, with_own=with_own)
        for until, end in ((calibrated_from, trained_until), (trained_until, days))
    ]
    return [np.maximum(np.concatenate(member, axis=1), 0.0) for member in zip(*parts, strict=True)]


def _grown(prepared: Prepared, until: int, end: int, around: int, *, with_own: bool) -> list[NDArray[np.float64]]:
    """Forecasts of days `until` to `end - 1` by trees grown on days before `until`."""
    weights = boosting.season_weights(prepared.panel.clock.day_of_year, until, around)
    weights[:RUN_IN_DAYS] = 0.0
    days = np.flatnonzero(weights)
    terms, target, ahead = prepared.terms(days), prepared.loads[:, days], prepared.terms(np.arange(until, end))
    # A building whose ridge errs much would otherwise decide what the pooled trees are grown for.
    by_building = 1.0 / np.maximum(_mean_square(target - prepared.fast[:, days]), 1e-3)
    weight = by_building[:, None] * weights[days]
    made = [Boosting.fit(terms, target, weight, POOLED).forecasts(ahead)]
    if with_own:
        made.append(np.concatenate([_own(terms, target, weight, ahead, place) for place in range(len(target))]))
    return made


def _own(
    terms: NDArray[np.float32],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    ahead: NDArray[np.float32],
    place: int,
) -> NDArray[np.float64]:
    """Forecasts of one building, shape `(1, days, 24)`; NaN where it was read on too few days to grow trees."""
    one = slice(place, place + 1)
    if np.isfinite(target[one]).sum() < LEAST_OWN_HOURS:
        return np.full((1, *ahead.shape[1:3]), np.nan)
    return Boosting.fit(terms[one], target[one], weight[one], OWN_TREES).forecasts(ahead[one])


def _mean_square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the known values of each building, shape `(buildings,)`."""
    known = np.isfinite(values)
    squares: NDArray[np.float64] = np.where(known, values, 0.0) ** 2
    mean: NDArray[np.float64] = squares.sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    return mean


def _highest(loads: NDArray[np.float64], window: NDArray[np.int64], lead: int) -> NDArray[np.float64]:
    """The most that each building has used in an hour by the issue of each day of `window`; the plant's limit."""
    daily = np.maximum.accumulate(np.where(np.isfinite(loads), loads, 0.0).max(axis=2), axis=1)
    return daily[:, np.maximum(window - 1 - lead, 0), None]
