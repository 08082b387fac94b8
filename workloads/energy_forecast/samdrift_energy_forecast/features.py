"""What the heat of an hour is explained by: the phase of the day and how cold it has been.

Every hour belongs to one phase of the fixed setback plan. Each phase has a level and degree terms of its own, so a
linear model can tell the morning's reheating from the steady day and from the night.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.operation import Operation

#: Above this outdoor temperature a building is assumed to need no heat (C).
BASE_C = 17.0
#: Half-lives of the smoothed outdoor temperature (h): the fabric answers fast and slowly.
FAST_H, SLOW_H = 3.0, 36.0
#: How fast a typical room without heat falls towards the outdoors (h), and its mass follows the room (h).
ROOM_H, MASS_H = 30.0, 24.0
#: What people, lamps and sun keep a room above the outdoors without heat (K).
GAIN_K = 4.0
#: Heat of the same hour two days and a week earlier: known for every hour of a 48-h forecast.
LAGS_H = (2 * hours.DAY, hours.WEEK)
#: A closure at least this long lets the fabric cool: a weekend, not a night.
LONG_CLOSURE_H = 24

PHASES = (
    "warm_hour_1",
    "warm_hour_2",
    "warm_hour_3",
    "warm_hours_4_to_6",
    "warm_later",
    "after_closure_hours_1_to_2",
    "after_closure_hours_3_to_6",
    "set_back_ventilated",
    "set_back_short",
    "set_back_long",
)
TERMS = ("level", "degrees_fast", "degrees_slow", "recharge", "held")
NAMES = (
    *(f"{phase}.{term}" for phase in PHASES for term in TERMS),
    "radiation_warm",
    "radiation_set_back",
    *(f"lag_{lag}_h" for lag in LAGS_H),
)


def features(operation: Operation, heat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Feature matrix, shape `(n, len(NAMES))`, NaN where a lag reaches before the readings.

    `heat` has shape `(n,)` in any unit; of it only hours at least 48 h before a row's own are used.
    """
    fast, slow = (np.maximum(0.0, BASE_C - smoothed(operation.temperature_c, life)) for life in (FAST_H, SLOW_H))
    room, held = typical_room(operation)
    recharge = np.maximum(0.0, room - smoothed(room, MASS_H))
    phase = _phase_indicators(operation)
    terms = np.column_stack([np.ones(len(operation)), fast, slow, recharge, held])
    by_phase = (phase[:, :, None] * terms[:, None, :]).reshape(len(operation), -1)
    sun = operation.global_radiation_w_m2 / 100.0
    others = [sun * operation.is_warm, sun * ~operation.is_warm, *(_lagged(heat, lag) for lag in LAGS_H)]
    return np.column_stack([by_phase, *others])


def smoothed(values: NDArray[np.float64], half_life_h: float) -> NDArray[np.float64]:
    """Exponentially smoothed `values`, shape `(n,)`; each hour sees itself and hours before it."""
    keep = 0.5 ** (1.0 / half_life_h)
    result = np.empty_like(values)
    state = values[0]
    for place, value in enumerate(values):
        state = keep * state + (1 - keep) * value
        result[place] = state
    return result


def typical_room(operation: Operation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperature of a typical room under the fixed setback plan in C, and the K of heat loss that it is held against.

    The room falls freely until it meets its set-point. Both have shape `(n,)`; the second is 0 while it falls.
    """
    room = np.empty(len(operation))
    held = np.zeros(len(operation))
    state = float(operation.setback_c[0])
    for k, (set_point_c, outdoor_c) in enumerate(zip(operation.setback_c, operation.temperature_c, strict=True)):
        equilibrium = outdoor_c + GAIN_K
        free = state + (equilibrium - state) / ROOM_H
        state = max(free, set_point_c)
        held[k] = max(0.0, set_point_c - equilibrium) if free <= set_point_c else 0.0
        room[k] = state
    return room, held


def running(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many hours `flags` has been true without a break, this hour included; 0 where it is false. Shape `(n,)`."""
    lengths = np.zeros(len(flags), dtype=np.int64)
    length = 0
    for place, flag in enumerate(flags):
        length = length + 1 if flag else 0
        lengths[place] = length
    return lengths


def _phase_indicators(operation: Operation) -> NDArray[np.float64]:
    warm_for, cool_for = running(operation.is_warm), running(~operation.is_warm)
    after_closure = _last_closure(cool_for, operation.is_warm) >= LONG_CLOSURE_H
    warm, cool = operation.is_warm, ~operation.is_warm
    ventilated = cool & operation.is_ventilated
    columns = (
        warm_for == 1,
        warm_for == 2,
        warm_for == 3,
        warm & (warm_for >= 4) & (warm_for <= 6),
        warm & (warm_for > 6),
        warm & after_closure & (warm_for <= 2),
        warm & after_closure & (warm_for > 2) & (warm_for <= 6),
        ventilated,
        cool & ~ventilated & (cool_for < LONG_CLOSURE_H),
        cool & ~ventilated & (cool_for >= LONG_CLOSURE_H),
    )
    return np.column_stack(columns).astype(np.float64)


def _last_closure(cool_for: NDArray[np.int64], is_warm: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Length of the closure before each warm hour, 0 elsewhere."""
    lengths = np.zeros(len(cool_for), dtype=np.int64)
    last = 0
    for place, (cool, warm) in enumerate(zip(cool_for, is_warm, strict=True)):
        last = last if warm else int(cool)
        lengths[place] = last if warm else 0
    return lengths


def _lagged(heat: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    return np.concatenate([np.full(lag, np.nan), heat])[: len(heat)]
