"""Searches the cheapest start, stop and temperatures under which nobody is colder than under fixed setback.

Choices are run side by side through the building's own response, in the weather that is foreseen (for their heat) and
in a gloomier one (for the rooms, and for those under fixed setback alike). The search begins at today's schedule and
changes a few figures at a time, round after round: near that schedule the response was learnt, and a search of all
combinations went to corners where it is wrong. Being colder than allowed has a price far above heat's, so there is an
answer from any start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.planning.cold_hours import ColdHours
from samdrift_energy_forecast.planning.start_stop import StartStop, openings, set_points_c
from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS, Driven, QuarterHours, RoomResponse, RoomState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.planning.costs import Costs
    from samdrift_energy_forecast.thermal.heat_response import HeatResponse
    from samdrift_energy_forecast.thermal.named_rooms import NamedRooms

    Array: TypeAlias = NDArray[np.float64]

#: Grids, in quarter-hours and in K above today's warm set-point; after a failure heating may begin much sooner.
LEADS_Q = tuple(range(25))
RECOVERY_LEADS_Q = tuple(range(0, 49, 2))
NEAR_LEADS_Q = tuple(range(-4, 5))
BOOSTS_K = (0.0, 1.0, 2.0, 3.0)
BOOST_PAST_Q = (-2, 0, 2, 4, 8)
OVERRUNS_Q = (0, 1, 2, 3, 4)
WARMER_K, WARM_STEP_K, NIGHT_STEP_K = 0.8, 0.2, 1.0
#: A search ends after so many rounds, or when one improves by less than this share of a day's cost.
ROUNDS, WORTH_A_ROUND = 3, 1e-4


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the building's owner allows, in C."""

    #: Lowest operative temperature while open.
    open_c: float
    #: Set-points: lowest while closed, today's set-back and warm ones, and the highest of all.
    lowest_night_c: float
    setback_c: float
    warm_c: float
    highest_c: float


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything a search is told. Steps run from the plan's beginning; rooms stand in the last axis."""

    response: RoomResponse
    heat: HeatResponse
    around: QuarterHours
    bounds: Bounds
    #: Set-points of fixed setback, shape `(steps,)`.
    setback_c: Array
    #: The building now, and as it would be now under fixed setback.
    now: RoomState
    now_under_setback: RoomState
    #: K h that rooms may be colder in the next opening than under fixed setback (negative: warmer); shape `(rooms,)`.
    credit_kh: Array
    #: After a failure rooms must get warm whatever fixed setback would do.
    must_recover: bool
    #: Rooms must be warm enough when it is so much colder outdoors than foreseen (K), under this share of the sun.
    gloomy_colder_k: float
    gloomy_sun_share: float
    #: What the response is believed to overrate rooms by (K).
    margin_k: float
    #: Costs of the hours of `around`, and the most heat of an hour that the plant is known to deliver (kWh).
    costs: Costs
    largest_heat_kwh: float
    #: Rooms with sensors of their own, what each was spared (K h) and may use in the next opening; shape `(named,)`.
    rooms: NamedRooms | None = None
    room_balance_kh: Array = field(default_factory=lambda: np.zeros(0))
    room_credit_kh: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What some set-points would do; series by the quarter-hour."""

    set_points_c: Array
    #: In the weather foreseen, and in the gloomier one; shape `(steps, rooms)`.
    rooms_c: Array
    gloomy_rooms_c: Array
    heat_kwh: Array


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Start, stop and temperatures for the next opening, and for those after it."""

    first: StartStop
    later: StartStop


def search(situation: Situation) -> Choice:
    """The best choice found; there is at least one opening."""
    return _Search(situation).found()


def foreseen(situation: Situation, choice: Choice) -> tuple[Outcome, Outcome]:
    """What `choice` would do, and what fixed setback would; `situation` may be longer than the one searched in."""
    found = openings(situation.around.is_open)
    chosen_c = set_points_c(found, choice.first, choice.later, len(situation.around))[:, 0]
    weathers = _Weathers(situation)
    return (
        weathers.outcome(chosen_c, situation.now),
        weathers.outcome(situation.setback_c, situation.now_under_setback),
    )


class _Weathers:
    """Runs choices side by side in the weather that is foreseen and in a gloomier one."""

    def __init__(self, situation: Situation) -> None:
        self._heat, self._around = situation.heat, situation.around
        gloomy = situation.around.gloomier(colder_k=situation.gloomy_colder_k, sun_share=situation.gloomy_sun_share)
        # Axes of a run: weather, choice, room.
        self._driven = Driven(_with_axis(situation.response), _side_by_side(situation.around, gloomy))

    def run(self, choices_c: Array, start: RoomState) -> tuple[Array, Array]:
        """Rooms `(steps, weathers, choices, rooms)` and, as foreseen, heat `(steps, choices)`."""
        answer = self._driven.run(start, choices_c[:, None, :, None])
        return answer.operative_c, self._heat.heat_kwh(answer.lift_k[:, 0], self._around)

    def outcome(self, chosen_c: Array, start: RoomState) -> Outcome:
        """One choice's run."""
        rooms_c, heat_kwh = self.run(chosen_c[:, None], start)
        return Outcome(
            set_points_c=chosen_c, rooms_c=rooms_c[:, 0, 0], gloomy_rooms_c=rooms_c[:, 1, 0], heat_kwh=heat_kwh[:, 0]
        )


class _Search:
    """One search: the two weathers, what is allowed, and the best so far."""

    def __init__(self, situation: Situation) -> None:
        self._situation = one = situation
        self._openings = openings(one.around.is_open)
        self._weathers = _Weathers(one)
        setback = self._weathers.outcome(one.setback_c, one.now_under_setback)
        self._cold = ColdHours(one, self._openings, setback.gloomy_rooms_c)
        self._day_cost = max(float(self._cost(setback.heat_kwh[:, None])[0]) / len(self._openings), 1e-9)
        is_idle = self._openings[0].begins >= DAY_Q
        self._grid = _Grid(one.bounds, must_recover=one.must_recover, is_idle=is_idle)
        self._best = [_as_today(one.bounds).varied(night_c=self._grid.nights_c[-1:])] * 2
        self._score = float(self._scores(*self._best)[0])

    def found(self) -> Choice:
        """Rounds of tries, a few figures at a time, until nothing gets better."""
        for _ in range(ROUNDS):
            before = self._score
            self._try(0, night_c=self._grid.nights_c)
            for slot in range(min(2, len(self._openings))):
                self._try_slot(slot)
            if before - self._score < WORTH_A_ROUND * self._day_cost:
                break
        return Choice(first=self._best[0], later=self._best[1])

    def _try_slot(self, slot: int) -> None:
        """One round for one opening. The set-back is one for all openings."""
        grid = self._grid
        self._try(slot, lead=grid.leads, boost_c=grid.boosts_c)
        self._try(slot, boost_past=grid.boost_past, boost_c=grid.boosts_c)
        self._try(slot, warm_c=grid.warm_c, overrun=grid.overruns)
        self._try(slot, lead=grid.near(self._best[slot]), night_c=grid.nights_c)
        self._try(slot, lead=grid.near(self._best[slot]), warm_c=grid.warm_c)

    def _try(self, slot: int, **grids: Array) -> None:
        """Try all combinations of `grids` for one opening beside the best for the other."""
        meshed = [values.ravel() for values in np.meshgrid(*grids.values(), indexing="ij")]
        figures = dict(zip(grids, meshed, strict=True))
        night_c = figures.pop("night_c", np.repeat(self._best[0].night_c, len(meshed[0])))
        tried = [
            one.varied(night_c=night_c, **(figures if place == slot else {})) for place, one in enumerate(self._best)
        ]
        scores = self._scores(*tried)
        place = int(np.argmin(scores))
        if scores[place] < self._score:
            self._score = float(scores[place])
            self._best = [one.at(place) for one in tried]

    def _scores(self, first: StartStop, later: StartStop) -> Array:
        """Cost of each choice, with the price of being colder than allowed."""
        choices_c = set_points_c(self._openings, first, later, len(self._situation.around))
        rooms_c, heat_kwh = self._weathers.run(choices_c, self._situation.now)
        over = self._cold.over_kh(rooms_c[:, 1])
        changed_k = np.abs(first.night_c - self._situation.bounds.setback_c)
        return np.asarray(self._cost(heat_kwh) + self._day_cost * (over + 1e-3 * changed_k))

    def _cost(self, heat_kwh: Array) -> Array:
        """What the heat of `(steps, choices)` costs."""
        costs = self._situation.costs
        by_hour = heat_kwh.reshape(-1, QUARTERS, heat_kwh.shape[1]).sum(axis=1)
        total = np.asarray(costs.per_kwh @ by_hour)
        if costs.boost_per_kwh > 0:
            beyond_kwh = np.maximum(0.0, by_hour - costs.boost_from_share * self._situation.largest_heat_kwh)
            total = total + costs.boost_per_kwh * beyond_kwh.sum(axis=0)
        if costs.peak_per_kw > 0:
            total = total + costs.peak_per_kw * np.maximum(by_hour.max(axis=0), costs.peak_free_kw)
        return np.asarray(total)


@dataclass(frozen=True)
class _Grid:
    """The values that are tried."""

    bounds: Bounds
    must_recover: bool
    #: Nobody comes within a day.
    is_idle: bool

    @property
    def leads(self) -> Array:
        return np.array(RECOVERY_LEADS_Q if self.must_recover else LEADS_Q, dtype=np.float64)

    def near(self, best: StartStop) -> Array:
        """Leads around the best one."""
        return np.asarray(np.clip(best.lead + np.array(NEAR_LEADS_Q), 0.0, self.leads.max()))

    @property
    def boosts_c(self) -> Array:
        return np.unique(np.minimum(self.bounds.warm_c + np.array(BOOSTS_K), self._highest_c))

    @property
    def boost_past(self) -> Array:
        return np.array(BOOST_PAST_Q, dtype=np.float64)

    @property
    def overruns(self) -> Array:
        return np.array(OVERRUNS_Q, dtype=np.float64)

    @property
    def warm_c(self) -> Array:
        lowest = min(self.bounds.open_c, self.bounds.warm_c)
        highest = min(self.bounds.warm_c + WARMER_K, self._highest_c)
        return np.unique(np.append(np.arange(lowest, highest, WARM_STEP_K), [self.bounds.warm_c, highest]).round(1))

    @property
    def nights_c(self) -> Array:
        """Set-backs from the lowest allowed to today's; the lowest alone while nobody comes.

        A response that was learnt from nights at today's set-back is too pessimistic about colder ones, and would never
        try them. Before an idle day nobody is there to be cold, and the next plans know how far the rooms really fell.
        """
        lowest, today = min(self.bounds.lowest_night_c, self.bounds.setback_c), self.bounds.setback_c
        if self.is_idle:
            return np.array([lowest])
        return np.unique(np.append(np.arange(lowest, today, NIGHT_STEP_K), today).round(1))

    @property
    def _highest_c(self) -> float:
        return max(self.bounds.highest_c, self.bounds.warm_c)


def _as_today(bounds: Bounds) -> StartStop:
    """Where a search begins: two hours before the opening to an hour after the closing."""
    return StartStop(
        lead=np.array([2.0 * QUARTERS]),
        boost_c=np.array([bounds.warm_c]),
        boost_past=np.array([0.0]),
        warm_c=np.array([bounds.warm_c]),
        overrun=np.array([1.0 * QUARTERS]),
        night_c=np.array([bounds.setback_c]),
    )


def _with_axis(response: RoomResponse) -> RoomResponse:
    """Parameters of shape `(1, rooms)`, so that weathers stand before choices."""
    return RoomResponse(**{name: values[None] for name, values in vars(response).items()})


def _side_by_side(*weathers: QuarterHours) -> QuarterHours:
    """Series of shape `(steps, weathers)`."""
    return QuarterHours(
        first=weathers[0].first,
        outdoor_c=np.stack([one.outdoor_c for one in weathers], axis=1),
        sun=np.stack([one.sun for one in weathers], axis=1),
        is_open=np.stack([one.is_open for one in weathers], axis=1),
        is_ventilated=np.stack([one.is_ventilated for one in weathers], axis=1),
        is_morning=np.stack([one.is_morning for one in weathers], axis=1),
    )
