"""How rooms answer a set-point: a grey-box model of each room with two states, in steps of a quarter of an hour.

A thermostat sees air, people feel the operative temperature, which is the mean of air and surfaces (ISO 7726). Air has
no memory here: it floats between surfaces and outdoors, and the plant lifts it to the set-point as far as it can.
Surfaces and a heavy mass behind them follow slowly. With the surfaces' temperature R, the mass's S and outdoors O:

    free air   F = R - leak (R - O) + people if open + sun (by half of the day) + base
    air        A = the larger of F and the smaller of set-point and F + largest lift; fans cool it to COOLED_C at most
    surfaces   R += air (A - R) + mass (S - R) + shell (O - R) + sun on them
    mass       S += store (R - S)
    operative  T = (A + R) / 2

Leak and largest lift have two values each, with fans on and off. Every parameter is positive, so logarithms are fitted
(see `response_fit`). Heat is a separate matter (see `heat_response`): it follows from the lifts A - F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.surroundings.operation import Operation

    Array: TypeAlias = NDArray[np.float64]

#: Steps of an hour.
QUARTERS = 4
#: Steps of a day.
DAY_Q = QUARTERS * hours.DAY
#: While fans run, air is cooled to this temperature if gains would make it warmer (C).
COOLED_C = 24.0
#: Sun is counted in this many W/m2.
SUN_W_M2 = 100.0


@dataclass(frozen=True, kw_only=True)
class QuarterHours:
    """A building's surroundings by the quarter-hour from the beginning of hour `first`; series have shape `(n,)`."""

    first: int
    outdoor_c: Array
    #: Global radiation in units of SUN_W_M2.
    sun: Array
    is_open: NDArray[np.bool_]
    is_ventilated: NDArray[np.bool_]
    #: Before the sun's noon: windows to the east and to the west are warmed at different times.
    is_morning: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of quarter-hours."""
        return len(self.outdoor_c)

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """The hours of `operation`; outdoor temperature runs straight between the middles of hours."""
        middles = np.arange(len(operation)) + 0.5
        steps = (np.arange(QUARTERS * len(operation)) + 0.5) / QUARTERS
        noon = _noon_h(operation)
        of_day = (operation.first + steps) % hours.DAY
        return cls(
            first=operation.first,
            outdoor_c=np.interp(steps, middles, operation.temperature_c),
            sun=np.repeat(operation.global_radiation_w_m2 / SUN_W_M2, QUARTERS),
            is_open=np.repeat(operation.is_open, QUARTERS),
            is_ventilated=np.repeat(operation.is_ventilated, QUARTERS),
            is_morning=(noon - of_day) % hours.DAY < hours.DAY / 2,
        )

    def window(self, start: int, count: int) -> QuarterHours:
        """Steps `start` to `start + count - 1`; `start` begins an hour."""
        part = slice(start, start + count)
        return QuarterHours(
            first=self.first + start // QUARTERS,
            outdoor_c=self.outdoor_c[part],
            sun=self.sun[part],
            is_open=self.is_open[part],
            is_ventilated=self.is_ventilated[part],
            is_morning=self.is_morning[part],
        )

    def gloomier(self, *, colder_k: float, sun_share: float) -> QuarterHours:
        """The same in weather that is colder and duller than foreseen."""
        return QuarterHours(
            first=self.first,
            outdoor_c=self.outdoor_c - colder_k,
            sun=self.sun * sun_share,
            is_open=self.is_open,
            is_ventilated=self.is_ventilated,
            is_morning=self.is_morning,
        )


def _noon_h(operation: Operation) -> float:
    """The UTC hour of the day around which the radiation lies: the mean direction on a clock of 24 h."""
    angle = 2 * np.pi * ((np.arange(operation.first, operation.end) + 0.5) % hours.DAY) / hours.DAY
    sun = operation.global_radiation_w_m2
    if not sun.any():
        return hours.DAY / 2
    direction = np.arctan2(float(sun @ np.sin(angle)), float(sun @ np.cos(angle)))
    return float(direction / (2 * np.pi) * hours.DAY % hours.DAY)


@dataclass(frozen=True, kw_only=True)
class RoomResponse:
    """The parameters above; arrays that broadcast against the rooms' temperatures, one room in the last axis."""

    #: Share of the way to the air that surfaces go in a quarter-hour; to the mass; to outdoors.
    air: Array
    mass: Array
    shell: Array
    #: Share of the way to the surfaces that the mass goes in a quarter-hour.
    store: Array
    #: Share of the difference to outdoors that free air lies below the surfaces, with fans and without.
    leak_on: Array
    leak_off: Array
    #: K that lift free air: people, 100 W/m2 of sun before and after noon, and what always does.
    people_k: Array
    morning_sun_k: Array
    afternoon_sun_k: Array
    base_k: Array
    #: K in a quarter-hour that 100 W/m2 of sun warm surfaces.
    surface_sun_k: Array
    #: The most that the plant lifts air above free air (K), with fans and without.
    lift_on_k: Array
    lift_off_k: Array
    #: How far below the set-point air is held while fans rest (K): the thermostat's band.
    band_k: Array

    @classmethod
    def from_logarithms(cls, logarithms: Array) -> RoomResponse:
        """Parameters in the order of PARAMETERS along the first axis."""
        return cls(**dict(zip(PARAMETERS, np.exp(logarithms), strict=True)))

    def to_document(self) -> dict[str, list[float]]:
        """As it is stored with a plan: each parameter by room."""
        return {name: [round(float(one), 5) for one in np.ravel(values)] for name, values in asdict(self).items()}


PARAMETERS = tuple(RoomResponse.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class RoomState:
    """Temperatures of surfaces and mass at the beginning of a step, in C; one room in the last axis."""

    surface_c: Array
    mass_c: Array


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What rooms did over some steps; shape `(steps, ..., rooms)`."""

    operative_c: Array
    #: K that the plant lifted air above free air.
    lift_k: Array
    end: RoomState


def respond(response: RoomResponse, start: RoomState, set_points_c: Array, around: QuarterHours) -> Answer:
    """Run rooms under `set_points_c`, shape `(steps, ...)`; the axes between steps and rooms are runs side by side."""
    return Driven(response, around).run(start, set_points_c[..., None])


class Driven:
    """A response in given surroundings, with everything computed that does not depend on rooms or set-points."""

    def __init__(self, response: RoomResponse, around: QuarterHours) -> None:
        self._response = one = response
        fans, is_open, morning = (
            flags.astype(np.float64) for flags in (around.is_ventilated, around.is_open, around.is_morning)
        )
        outdoor_c, sun, rest = around.outdoor_c, around.sun, 1 - fans
        gains = (fans * outdoor_c, rest * outdoor_c, is_open, np.ones(fans.shape), morning * sun, (1 - morning) * sun)
        of_gains = (one.leak_on, one.leak_off, one.people_k, one.base_k, one.morning_sun_k, one.afternoon_sun_k)
        self._stays = 1 - _spread((fans, rest), (one.leak_on, one.leak_off))
        self._gains_k = _spread(gains, of_gains)
        self._lift_k = _spread((fans, rest), (one.lift_on_k, one.lift_off_k))
        self._band_k = _spread((rest,), (one.band_k,))
        self._cooled_c = np.where(around.is_ventilated, COOLED_C, np.inf)[(..., *(None,) * one.air.ndim)]
        self._keeps = 1 - one.air - one.mass - one.shell
        self._given_c = _spread((outdoor_c, sun), (one.shell, one.surface_sun_k))

    def run(self, start: RoomState, set_points_c: Array) -> Answer:
        """All steps from `start`; `set_points_c`, shape `(steps, ...)`, broadcasts against the rooms in the last axis.

        It writes into the same few arrays step after step, all of one shape: making and broadcasting them anew takes
        longer than the arithmetic.
        """
        one = self._response
        shape = np.broadcast_shapes(start.surface_c.shape, set_points_c.shape[1:], self._stays.shape[1:])
        surface, mass = (np.array(np.broadcast_to(values, shape)) for values in (start.surface_c, start.mass_c))
        keeps, of_air, of_mass, store = (_whole(each, shape) for each in (self._keeps, one.air, one.mass, one.store))
        operative, lift = (np.empty((len(self._stays), *shape)) for _ in range(2))
        # Axes of runs side by side stand between steps and rooms.
        between = (slice(None), *(None,) * (set_points_c.ndim - self._band_k.ndim))
        held_c = set_points_c - self._band_k[between]
        most_c = np.maximum(set_points_c, self._cooled_c[between])
        free, air, part = np.empty(shape), np.empty(shape), np.empty(shape)
        for k in range(len(operative)):
            np.multiply(surface, self._stays[k], out=free)
            free += self._gains_k[k]
            np.add(free, self._lift_k[k], out=air)
            np.minimum(air, held_c[k], out=air)
            np.maximum(air, free, out=air)
            np.minimum(air, most_c[k], out=air)
            surface *= keeps
            surface += np.multiply(of_air, air, out=part)
            surface += np.multiply(of_mass, mass, out=part)
            surface += self._given_c[k]
            mass += np.multiply(store, np.subtract(surface, mass, out=part), out=part)
            np.add(air, surface, out=operative[k])
            np.subtract(air, free, out=lift[k])
        operative *= 0.5
        return Answer(
            operative_c=operative,
            lift_k=np.maximum(lift, 0.0, out=lift),
            end=RoomState(surface_c=surface, mass_c=mass),
        )


def _whole(values: Array, shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(np.broadcast_to(values, shape))


def _spread(series: Sequence[Array], parameters: Sequence[Array]) -> Array:
    """The sum of each of `series`, shape `(steps, ...)`, times its parameter, shape `(..., rooms)`, side by side."""
    return np.asarray(np.tensordot(np.stack(series, axis=-1), np.stack(np.broadcast_arrays(*parameters)), axes=1))


def surface_c(
    response: RoomResponse, operative_c: Array, set_point_c: Array, outdoor_c: Array, is_ventilated: NDArray[np.bool_]
) -> Array:
    """Surfaces behind a measured operative temperature, by whether the plant held air or let it float."""
    leak = np.where(is_ventilated, response.leak_on, response.leak_off)
    held_c = np.where(is_ventilated, set_point_c, set_point_c - response.band_k)
    floating = (2 * operative_c - leak * outdoor_c - response.base_k) / (2 - leak)
    air = floating - leak * (floating - outdoor_c) + response.base_k
    return np.where(air < held_c, 2 * operative_c - held_c, floating)


def slowly(temperatures_c: Array, share: float) -> Array:
    """The mass behind operative temperatures: a low-pass that begins with the first day's mean; shape `(n,)`."""
    from scipy.signal import lfilter

    begin = (1 - share) * temperatures_c[:DAY_Q].mean()
    followed, _ = lfilter([share], [1.0, share - 1.0], temperatures_c, zi=[begin])
    result: Array = followed
    return result
