"""Identifies how rooms answer: Gauss-Newton on runs of a day, all days, rooms and parameters side by side.

The runs begin at each day's measured state and are judged on everything after it, so a model is good that foresees the
next day, not the next reading. A weak prior (figures of ordinary buildings, in logarithms) decides what the readings do
not: a building that was never heated at night says nothing about heating it at night.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.thermal.response import (
    DAY_Q,
    PARAMETERS,
    QUARTERS,
    Answer,
    QuarterHours,
    RoomResponse,
    RoomState,
    respond,
    slowly,
    surface_c,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

#: What is believed before any reading, and how firmly: the standard deviation of each logarithm.
PRIOR: dict[str, tuple[float, float]] = {
    "air": (0.12, 0.7),
    "mass": (0.05, 1.0),
    "shell": (0.004, 1.0),
    "store": (0.01, 0.7),
    "leak_on": (0.15, 0.7),
    "leak_off": (0.05, 0.7),
    "people_k": (0.8, 1.0),
    "morning_sun_k": (0.1, 1.2),
    "afternoon_sun_k": (0.1, 1.2),
    "base_k": (0.3, 1.0),
    "surface_sun_k": (0.02, 1.2),
    "lift_on_k": (9.0, 0.5),
    "lift_off_k": (9.0, 0.5),
    "band_k": (0.6, 0.5),
}
ITERATIONS = 7
#: Of a logarithm: for slopes by difference; the largest change in one iteration.
NUDGE, LARGEST_STEP = 0.03, 0.7
#: Closed hours matter less than open ones, and rooms that the sun makes warm hardly: nobody heats them.
CLOSED_WEIGHT, SUNNY_WEIGHT, SUNNY_C = 0.4, 0.3, 21.5
#: A day under other set-points than fixed setback's teaches what that cannot.
OWN_DAY_WEIGHT = 2.0
#: Days in which the mass's temperature is a guess.
SETTLING_DAYS = 2
#: Older days than these are forgotten.
MOST_DAYS = 42


@dataclass(frozen=True, kw_only=True)
class RoomHistory:
    """Rooms as they were read and the set-points in force, up to the plan's beginning."""

    #: Hourly means in C, shape `(rooms, hours)`; NaN where nothing was read.
    rooms_c: Array
    #: In C, by the quarter-hour; shape `(4 * hours,)`.
    set_points_c: Array
    #: Set-points of fixed setback, the same shape.
    setback_c: Array
    around: QuarterHours

    @cached_property
    def bridged_c(self) -> Array:
        """Rooms without holes, by the quarter-hour, shape `(rooms, 4 * hours)`."""
        return np.repeat(np.array([_bridged(room) for room in self.rooms_c]), QUARTERS, axis=1)

    @property
    def days(self) -> NDArray[np.int64]:
        """First steps of the days that are learnt from: whole days counted back from the end."""
        steps = len(self.set_points_c)
        count = min(MOST_DAYS, steps // DAY_Q - SETTLING_DAYS)
        return steps - DAY_Q * np.arange(count, 0, -1)


@dataclass(frozen=True, kw_only=True)
class FittedResponse:
    """A response and what its runs of the past days showed; arrays by room."""

    response: RoomResponse
    logarithms: Array
    #: Root mean square error while open (K).
    rmse_k: Array
    #: Foreseen minus read, of each day the mean while open (K), shape `(rooms, days)`; NaN for closed days.
    overrated_k: Array
    #: K that the plant lifted the air in each step of the days in `RoomHistory.days`, shape `(days, steps, rooms)`.
    lift_k: Array


def fit(history: RoomHistory) -> FittedResponse:
    """Identify the rooms of `history`, which has at least SETTLING_DAYS + 1 days."""
    problem = _Problem(history)
    logarithms = problem.prior.copy()
    damping = np.full(len(history.rooms_c), 1e-2)
    cost, slope, curvature = problem.expanded(logarithms)
    for _ in range(ITERATIONS):
        tried = logarithms + problem.step(slope, curvature, damping)
        better = problem.cost(tried) < cost
        logarithms = np.where(better, tried, logarithms)
        damping = np.where(better, damping * 0.3, damping * 10)
        cost, slope, curvature = problem.expanded(logarithms)
    return problem.judged(logarithms)


class _Problem:
    """The sum of squares that is minimised, for all rooms at once."""

    def __init__(self, history: RoomHistory) -> None:
        self._history, self._days = history, history.days
        rooms = len(history.rooms_c)
        medians, widths = (np.log([PRIOR[name][0] for name in PARAMETERS]), [PRIOR[name][1] for name in PARAMETERS])
        self.prior = np.repeat(medians[:, None], rooms, axis=1)
        self._precision = 1 / np.square(np.array(widths))
        steps = self._days + np.arange(DAY_Q)[:, None]
        self._set_points_c = history.set_points_c[steps]
        around = history.around
        self._by_day = QuarterHours(
            first=around.first,
            outdoor_c=around.outdoor_c[steps],
            sun=around.sun[steps],
            is_open=around.is_open[steps],
            is_ventilated=around.is_ventilated[steps],
            is_morning=around.is_morning[steps],
        )
        hours_of = self._days[None] // QUARTERS + np.arange(DAY_Q // QUARTERS)[:, None]
        #: Shape `(24, days, rooms)`.
        self._read_c = np.moveaxis(history.rooms_c[:, hours_of], 0, -1)
        self._weights = self._weighed(hours_of)
        self._read_c = np.nan_to_num(self._read_c)

    def _weighed(self, hours_of: NDArray[np.int64]) -> Array:
        history = self._history
        is_open = self._by_day.is_open[::QUARTERS, :, None]
        own = np.abs(self._set_points_c - history.setback_c[self._days + np.arange(DAY_Q)[:, None]]).max(axis=0) > 0
        weights = np.where(is_open, 1.0, CLOSED_WEIGHT) * np.where(own, OWN_DAY_WEIGHT, 1.0)[None, :, None]
        weights = weights * np.where(self._read_c > SUNNY_C, SUNNY_WEIGHT, 1.0)
        # An hour's reading stands for its four quarter-hours.
        return np.where(np.isfinite(self._read_c), weights * np.sqrt(QUARTERS), 0.0)

    def _run(self, logarithms: Array) -> Answer:
        """All days side by side, `(steps, days, runs, rooms)`; `logarithms` is `(parameters, runs, rooms)`."""
        sets = np.moveaxis(logarithms, 1, 0)
        history, begins = self._history, self._days
        response = RoomResponse.from_logarithms(logarithms)
        operative_c = history.bridged_c[:, begins - 1].T[:, None, :]
        before = (slice(None), None, None)
        start = RoomState(
            surface_c=surface_c(
                response,
                operative_c,
                history.set_points_c[begins - 1][before],
                history.around.outdoor_c[begins - 1][before],
                history.around.is_ventilated[begins - 1][before],
            ),
            mass_c=self._masses(sets),
        )
        return respond(response, start, self._set_points_c[..., None], self._by_day)

    def _residuals(self, answer: Answer) -> Array:
        """Weighted hours of all days, `(hours, runs, rooms)`."""
        by_hour = answer.operative_c.reshape(-1, QUARTERS, *answer.operative_c.shape[1:]).mean(axis=1)
        weighted: Array = (by_hour - self._read_c[:, :, None]) * self._weights[:, :, None]
        return weighted.reshape(-1, *weighted.shape[2:])

    def _masses(self, sets: Array) -> Array:
        """The mass at the beginning of each day, shape `(days, runs, rooms)`."""
        store = PARAMETERS.index("store")
        masses = np.empty((len(self._days), len(sets), sets.shape[2]))
        for room, operative_c in enumerate(self._history.bridged_c):
            shares = np.exp(sets[:, store, room])
            for share in np.unique(shares):
                followed = slowly(operative_c, float(share))[self._days - 1]
                masses[:, shares == share, room] = followed[:, None]
        return masses

    def cost(self, logarithms: Array) -> Array:
        """The sum of squares of each room."""
        at_rest = self._residuals(self._run(logarithms[:, None]))[:, 0]
        return np.asarray(np.square(at_rest).sum(axis=0) + self._of_prior(logarithms))

    def _of_prior(self, logarithms: Array) -> Array:
        return np.asarray((np.square(logarithms - self.prior) * self._precision[:, None]).sum(axis=0))

    def expanded(self, logarithms: Array) -> tuple[Array, Array, Array]:
        """The cost by room, its half slope `(rooms, parameters)`, and the Gauss-Newton curvature."""
        count = len(PARAMETERS)
        tried = np.repeat(logarithms[:, None], count + 1, axis=1)
        tried[np.arange(count), np.arange(1, count + 1)] += NUDGE
        residuals = self._residuals(self._run(tried))
        slopes = np.moveaxis((residuals[:, 1:] - residuals[:, :1]) / NUDGE, -1, 0)
        at_rest = residuals[:, 0].T
        curvature = np.swapaxes(slopes, 1, 2) @ slopes + np.diag(self._precision)
        slope = (np.swapaxes(slopes, 1, 2) @ at_rest[..., None])[..., 0]
        slope += ((logarithms - self.prior) * self._precision[:, None]).T
        return np.square(at_rest).sum(axis=1) + self._of_prior(logarithms), slope, curvature

    def step(self, slope: Array, curvature: Array, damping: Array) -> Array:
        """Levenberg's step, shape `(parameters, rooms)`."""
        diagonal = np.einsum("rpp->rp", curvature) * damping[:, None]
        damped = curvature + diagonal[:, :, None] * np.eye(len(PARAMETERS))
        step = -np.linalg.solve(damped, slope[..., None])[..., 0]
        return np.clip(step, -LARGEST_STEP, LARGEST_STEP).T

    def judged(self, logarithms: Array) -> FittedResponse:
        """The fit, and its errors while open."""
        known = (self._weights > 0) & self._by_day.is_open[::QUARTERS, :, None]
        scale = np.where(known, self._weights, 1.0)
        answer = self._run(logarithms[:, None])
        error = self._residuals(answer)[:, 0].reshape(scale.shape) / scale
        count = known.sum(axis=0)
        daily = np.where(count, (error * known).sum(axis=0) / np.maximum(count, 1), np.nan)
        return FittedResponse(
            response=RoomResponse.from_logarithms(logarithms),
            logarithms=logarithms,
            rmse_k=np.sqrt((np.square(error) * known).sum(axis=(0, 1)) / np.maximum(count.sum(axis=0), 1)),
            overrated_k=daily.T,
            lift_k=np.swapaxes(answer.lift_k[:, :, 0], 0, 1),
        )


def present(response: RoomResponse, history: RoomHistory, step: int) -> RoomState:
    """Surfaces and mass at the beginning of `step`, from what was read before it."""
    before = step - 1
    operative_c = history.bridged_c[:, :step]
    around = history.around
    return RoomState(
        surface_c=surface_c(
            response,
            operative_c[:, before],
            history.set_points_c[before],
            around.outdoor_c[before],
            around.is_ventilated[before],
        ),
        mass_c=np.array(
            [slowly(room, float(share))[before] for room, share in zip(operative_c, response.store, strict=True)]
        ),
    )


def _bridged(room_c: Array) -> Array:
    known = np.flatnonzero(np.isfinite(room_c))
    return np.interp(np.arange(len(room_c)), known, room_c[known])
