"""Plans by how the building itself answers set-points: what is learnt from its rooms, and what is chosen from that.

The linear programme says what an ideal controller would do and which constraint decides. A thermostat cannot follow it
between hours, and needs to know when to start and to what temperature: that is found here, to the quarter of an hour,
from the building's own rooms. `docs/decisions/0035-plan-by-the-buildings-own-response.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.limits import has_failed
from samdrift_energy_forecast.planning.costs import Costs
from samdrift_energy_forecast.planning.hedge import outdoor_error_k
from samdrift_energy_forecast.planning.start_stop import Opening, openings
from samdrift_energy_forecast.planning.start_stop_search import (
    OVERRUNS_Q,
    Bounds,
    Choice,
    Outcome,
    Situation,
    foreseen,
    search,
)
from samdrift_energy_forecast.planning.tracking import highest_set_point_c
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.comfort_credit import ComfortCredit, comfort_credit
from samdrift_energy_forecast.thermal.heat_response import MEAN, HeatResponse, fit_heat
from samdrift_energy_forecast.thermal.named_rooms import LEAST_READ, NamedRooms, learn_rooms
from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS, QuarterHours
from samdrift_energy_forecast.thermal.response_fit import FittedResponse, RoomHistory, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.calendar import BuildingCalendar
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.metering.readings import Readings

    Array: TypeAlias = NDArray[np.float64]

#: Rooms in the rooms' axis: their mean, and the coldest of each hour.
COLDEST = 1
#: A response that misses a room by more than this while open (K) is not planned with; nor one of fewer days.
LARGEST_RMSE_K, FEWEST_DAYS = 1.0, 10
#: Of the days seen, this share were overrated by no more than the margin, which is at least and at most (K):
CAUTION, LEAST_MARGIN_K, LARGEST_MARGIN_K = 0.8, 0.1, 0.3
#: Rooms must be warm enough in weather this share of the forecast's standard error colder than foreseen, under this
#: share of the foreseen sun; and where rooms have sensors of their own, whose accounts make good what comes worse.
GLOOMY_COLDER_SHARE, GLOOMY_SUN_SHARE = 0.5, 0.7
COLDER_SHARE_BY_ROOM, SUN_SHARE_BY_ROOM = 0.25, 0.85
#: Rooms this near their limit are said to decide (K).
BINDS_K = 0.15
#: Choices are compared until so long after the second opening (h): what they leave behind shows by then.
AFTERWARDS_H = 8
#: A closure may be so long (h); beyond it nothing is chosen yet.
LONGEST_LOOK_H = 5 * hours.DAY


@dataclass(frozen=True, kw_only=True)
class LearntBuilding:
    """What the readings taught."""

    fitted: FittedResponse
    heat: HeatResponse
    credit: ComfortCredit
    margin_k: float
    #: None where rooms have no sensors of their own.
    rooms: NamedRooms | None = None

    @property
    def describes_rooms(self) -> bool:
        """Whether it foresees rooms well enough to plan with."""
        days = np.isfinite(self.fitted.overrated_k[COLDEST]).sum()
        return bool(days >= FEWEST_DAYS and self.fitted.rmse_k.max() <= LARGEST_RMSE_K)

    def carried(self, between: Operation, in_force_c: Array) -> LearntBuilding:
        """As the building is foreseen to be after hours that nobody has read yet; `in_force_c` by the quarter-hour."""
        if not len(between):
            return self
        around, setback_c = QuarterHours.of(between), np.repeat(between.setback_c, QUARTERS)
        credit = self.credit.carried(self.fitted.response, around, in_force_c, setback_c)
        return replace(self, credit=credit)


def learn(readings: Readings, past: Operation, in_force_c: Array, open_c: float) -> LearntBuilding | None:
    """Learn from readings; None where rooms and the coldest one were not read for FEWEST_DAYS open days.

    `past` covers the readings, `in_force_c` has the set-points in force by the quarter-hour, in C.
    """
    rooms_c = np.stack([readings.indoor_c, readings.coldest_room_c])
    open_days = np.isfinite(rooms_c).all(axis=0) & past.is_open
    if open_days.sum() < FEWEST_DAYS * QUARTERS or len(past) < (FEWEST_DAYS + 2) * hours.DAY:
        return None
    history = RoomHistory(
        rooms_c=rooms_c,
        set_points_c=in_force_c,
        setback_c=np.repeat(past.setback_c, QUARTERS),
        around=QuarterHours.of(past),
    )
    fitted = fit(history)
    named_c, rooms = _named(readings, past, history, open_c)
    return LearntBuilding(
        fitted=fitted,
        heat=fit_heat(fitted, history, readings.heat_kwh),
        credit=comfort_credit(fitted.response, history, open_c, named_c, None if rooms is None else rooms.shares),
        margin_k=margin_k(fitted.overrated_k[COLDEST]),
        rooms=rooms,
    )


def _named(
    readings: Readings, past: Operation, history: RoomHistory, open_c: float
) -> tuple[Array | None, NamedRooms | None]:
    """Rooms with sensors of their own that were read often enough, and how they follow from the columns."""
    read = [room for room in readings.rooms_c.values() if np.isfinite(room[past.is_open]).mean() >= LEAST_READ]
    if not read:
        return None, None
    changed = np.abs(history.set_points_c - history.setback_c).reshape(-1, QUARTERS).max(axis=1) > 0
    # Days count back from the last reading, which comes near midnight: their open hours lie together.
    days = len(changed) // hours.DAY
    own = np.zeros(len(changed), dtype=np.bool_)
    own[-days * hours.DAY :] = np.repeat(changed[-days * hours.DAY :].reshape(days, -1).any(axis=1), hours.DAY)
    return np.array(read), learn_rooms(np.array(read), history.rooms_c, readings.first, past.is_open, own, open_c)


def margin_k(overrated_k: Array) -> float:
    """What the coldest room was overrated by on no more than a fifth of the days seen, within bounds; split-conformal.

    The order statistic ceil((n + 1) CAUTION) of the days' mean errors: Lei et al., JASA 113 (2018) 1094-1111. The days
    are those of the fit, so it is a little hopeful.
    """
    errors = np.sort(overrated_k[np.isfinite(overrated_k)])
    if not len(errors):
        return LARGEST_MARGIN_K
    rank = min(int(np.ceil((len(errors) + 1) * CAUTION)), len(errors))
    return float(np.clip(errors[rank - 1], LEAST_MARGIN_K, LARGEST_MARGIN_K))


@dataclass(frozen=True, kw_only=True)
class ResponsivePlan:
    """Set-points by the quarter-hour with what they would do; `count` hours."""

    learnt: LearntBuilding
    choice: Choice
    best: Outcome
    setback: Outcome
    #: Reasons by the quarter-hour, shape `(4 * count,)`.
    reasons: tuple[Reason, ...]

    def by_hour(self, outcome: Outcome) -> tuple[Array, Array]:
        """Heat in kWh and the mean of the rooms in C, of each hour."""
        rooms_c = outcome.rooms_c[:, MEAN].reshape(-1, QUARTERS).mean(axis=1)
        return outcome.heat_kwh.reshape(-1, QUARTERS).sum(axis=1), rooms_c

    @property
    def hedge_k(self) -> Array:
        """How much warmer the coldest room is foreseen than it must be believed to be, of each hour in K."""
        apart = self.best.rooms_c[:, COLDEST] - self.best.gloomy_rooms_c[:, COLDEST]
        hedge: Array = np.maximum(0.0, apart.reshape(-1, QUARTERS).mean(axis=1)) + self.learnt.margin_k
        return hedge


def respond_to(
    building: BuildingDescription,
    learnt: LearntBuilding,
    future: Operation,
    calendar: BuildingCalendar,
    costs: Costs,
    largest_heat_kwh: float,
    forecast_age_h: float = 0.0,
) -> ResponsivePlan | None:
    """Choose set-points for the hours of `future`; None where the building is always open, or closed for long."""
    searched_h = _searched_h(future, calendar)
    if searched_h is None:
        return None
    longer = _continued(future, calendar, max(searched_h, len(future)))
    whole = replace(
        _situation(building, learnt, longer, costs, largest_heat_kwh),
        gloomy_colder_k=_colder_share(learnt) * float(outdoor_error_k(1, forecast_age_h)[0]),
    )
    choice = search(_cut(whole, searched_h))
    best, setback = foreseen(_cut(whole, len(future)), choice)
    return ResponsivePlan(
        learnt=learnt,
        choice=choice,
        best=best,
        setback=setback,
        reasons=_reasons(QuarterHours.of(future), best, whole.bounds, learnt.margin_k),
    )


def _searched_h(future: Operation, calendar: BuildingCalendar) -> int | None:
    """Hours until the second opening is over and its traces are seen; of the first if there is no second."""
    is_open = calendar.is_open(future.first, LONGEST_LOOK_H)
    found = openings(np.repeat(is_open, QUARTERS))
    if not found or found[0].ends - found[0].begins > DAY_Q:
        return None
    last = found[min(1, len(found) - 1)]
    return min(-(-last.ends // QUARTERS) + AFTERWARDS_H, LONGEST_LOOK_H)


def _continued(future: Operation, calendar: BuildingCalendar, count: int) -> Operation:
    """`future` for `count` hours: beyond its end the weather of its last day comes again."""
    day = np.arange(len(future) - hours.DAY, len(future))
    later = np.concatenate([np.arange(len(future)), np.resize(day, max(0, count - len(future)))])
    first = future.first
    return Operation(
        first=first,
        temperature_c=future.temperature_c[later],
        global_radiation_w_m2=future.global_radiation_w_m2[later],
        is_open=calendar.is_open(first, count),
        is_ventilated=calendar.is_ventilated(first, count),
        is_warm=calendar.is_warm(first, count),
        setback_c=calendar.setback_c(first, count),
    )


def _situation(
    building: BuildingDescription, learnt: LearntBuilding, longer: Operation, costs: Costs, largest_heat_kwh: float
) -> Situation:
    comfort, setback = building.comfort, building.setback
    highest_c = highest_set_point_c(comfort, setback)
    return Situation(
        response=learnt.fitted.response,
        heat=learnt.heat,
        around=QuarterHours.of(longer),
        bounds=Bounds(
            open_c=min(comfort.open_c, highest_c),
            lowest_night_c=max(comfort.closed_c, comfort.frost_c),
            setback_c=setback.setback_c,
            warm_c=min(setback.warm_c, highest_c),
            highest_c=highest_c,
        ),
        setback_c=np.repeat(longer.setback_c, QUARTERS),
        now=learnt.credit.now,
        now_under_setback=learnt.credit.under_setback,
        credit_kh=learnt.credit.allowed_kh,
        rooms=learnt.rooms,
        room_balance_kh=learnt.credit.room_balance_kh,
        room_credit_kh=learnt.credit.rooms_allowed_kh,
        must_recover=has_failed(building, float(learnt.credit.now.surface_c[MEAN])),
        gloomy_colder_k=_colder_share(learnt) * float(outdoor_error_k(1)[0]),
        gloomy_sun_share=GLOOMY_SUN_SHARE if learnt.rooms is None else SUN_SHARE_BY_ROOM,
        margin_k=learnt.margin_k,
        costs=_longer_costs(costs, len(longer)),
        largest_heat_kwh=largest_heat_kwh,
    )


def _colder_share(learnt: LearntBuilding) -> float:
    return GLOOMY_COLDER_SHARE if learnt.rooms is None else COLDER_SHARE_BY_ROOM


def _longer_costs(costs: Costs, count: int) -> Costs:
    beyond = np.full(max(0, count - len(costs.per_kwh)), costs.reference_per_kwh)
    return replace(costs, per_kwh=np.concatenate([costs.per_kwh, beyond]))


def _cut(situation: Situation, count: int) -> Situation:
    """The first `count` hours."""
    steps = QUARTERS * count
    return replace(
        situation,
        around=situation.around.window(0, steps),
        setback_c=situation.setback_c[:steps],
        costs=replace(situation.costs, per_kwh=situation.costs.per_kwh[:count]),
    )


def _reasons(around: QuarterHours, best: Outcome, bounds: Bounds, margin: float) -> tuple[Reason, ...]:
    """Why each quarter-hour has its set-point."""
    found = openings(around.is_open)
    binds = best.gloomy_rooms_c[:, COLDEST] < bounds.open_c + margin + BINDS_K
    warm = best.set_points_c > bounds.setback_c
    return tuple(reason_of(k, around, found, warm=bool(warm[k]), binds=bool(binds[k])) for k in range(len(around)))


def reason_of(k: int, around: QuarterHours, found: tuple[Opening, ...], *, warm: bool, binds: bool) -> Reason:
    """Why quarter-hour `k` is warm or set back; `binds` tells whether the coldest room is near its limit."""
    if any(one.begins <= k < one.ends for one in found):
        return Reason.COMFORT_LIMIT if binds else Reason.OPEN_FREE
    if warm:
        # Heat after a closing is no pre-heating: nothing of the next opening's lead reaches back to it.
        return Reason.KEPT_WARM if any(0 <= k - one.ends < max(OVERRUNS_Q) for one in found) else Reason.PREHEAT
    return Reason.VENTILATION if around.is_ventilated[k] else Reason.SET_BACK
