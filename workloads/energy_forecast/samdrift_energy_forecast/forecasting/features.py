"""What the heat of an hour is explained by: the phase of the day and how cold it has been.

Every hour belongs to one phase of the fixed setback plan. Each phase has a level and degree terms of its own, so a
linear model can tell the morning's reheating from the steady day and from the night.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.forecasting.smoothing import first_order, smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.surroundings.operation import Operation

#: Above this outdoor temperature a building is assumed to need no heat (C).
BASE_C = 17.0
#: Half-lives of the smoothed outdoor temperature (h): the fabric answers fast and slowly.
FAST_H, SLOW_H = 3.0, 36.0
#: How fast a typical room without heat falls towards the outdoors (h), and its mass follows the room (h).
ROOM_H, MASS_H = 30.0, 24.0
#: What people, lamps and sun keep a room above the outdoors without heat (K).
GAIN_K = 4.0
#: Heat of the same hour three days and a week earlier: known for every hour of a 72-h forecast.
LAGS_H = (3 * hours.DAY, hours.WEEK)
#: A closure at least this long lets the fabric cool: a weekend, not a night.
LONG_CLOSURE_H = 24
#: Rounding that does not make a held room a falling one (K), and the longest block of `_decaying_maximum`.
TOLERANCE_K, BLOCK_H = 1e-9, 5_000

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
    """Feature matrix, shape `(..., n, len(NAMES))`, NaN where a lag reaches before the readings.

    `heat` has the shape of the operation's series, `(n,)` or `(buildings, n)`, in any unit; of it only hours at least
    72 h before a row's own are used.
    """
    fast, slow = (np.maximum(0.0, BASE_C - smoothed(operation.temperature_c, life)) for life in (FAST_H, SLOW_H))
    room, held = typical_room(operation)
    recharge = np.maximum(0.0, room - smoothed(room, MASS_H))
    phase = _phase_indicators(operation)
    terms = np.stack([np.ones(fast.shape), fast, slow, recharge, held], axis=-1)
    by_phase = (phase[..., :, None] * terms[..., None, :]).reshape(*fast.shape, -1)
    sun = operation.global_radiation_w_m2 / 100.0
    others = [sun * operation.is_warm, sun * ~operation.is_warm, *(_lagged(heat, lag) for lag in LAGS_H)]
    return np.concatenate([by_phase, np.stack(others, axis=-1)], axis=-1)


def typical_room(operation: Operation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperature of a typical room under the fixed setback plan in C, and the K of heat loss that it is held against.

    The room falls freely until it meets its set-point: `room_k = max(free_k, set-point_k)` with `free_k` between the
    hour before and the equilibrium without heat. Both have the series' shape; the second is 0 while the room falls.
    """
    set_point, keep = operation.setback_c, 1 - 1 / ROOM_H
    equilibrium = operation.temperature_c + GAIN_K
    start = set_point[..., :1]
    never_heated = first_order(equilibrium, keep, start)
    # How far the set-points have lifted the room above that: each lift decays, and the highest one counts.
    room = never_heated + _decaying_maximum(set_point - never_heated, keep)
    before = np.concatenate([start, room[..., :-1]], axis=-1)
    free = before + (equilibrium - before) / ROOM_H
    held = np.where(free <= set_point + TOLERANCE_K, np.maximum(0.0, set_point - equilibrium), 0.0)
    return room, held


def running(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many hours `flags` has been true without a break, this hour included; 0 where false. Along the last axis."""
    places = np.arange(flags.shape[-1])
    return places - np.maximum.accumulate(np.where(flags, -1, places), axis=-1)


def _decaying_maximum(lifts: NDArray[np.float64], keep: float) -> NDArray[np.float64]:
    """`m_k = max(keep m_(k-1), lifts_k)` from 0, along the last axis.

    In blocks, because the powers of `keep` that turn it into a plain running maximum overflow over years.
    """
    answer = np.empty(lifts.shape)
    last = np.zeros((*lifts.shape[:-1], 1))
    for first in range(0, lifts.shape[-1], BLOCK_H):
        block = lifts[..., first : first + BLOCK_H]
        powers = keep ** np.arange(1, block.shape[-1] + 1)
        highest = np.maximum.accumulate(np.concatenate([last, block / powers], axis=-1), axis=-1)[..., 1:]
        answer[..., first : first + BLOCK_H] = highest * powers
        last = answer[..., first + block.shape[-1] - 1, None]
    return answer


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
    return np.stack(columns, axis=-1).astype(np.float64)


def _last_closure(cool_for: NDArray[np.int64], is_warm: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Length of the closure before each warm hour, 0 elsewhere and where none was seen."""
    places = np.arange(is_warm.shape[-1])
    last_cool = np.maximum.accumulate(np.where(is_warm, -1, places), axis=-1)
    lengths = np.take_along_axis(cool_for, np.maximum(last_cool, 0), axis=-1)
    return np.where(is_warm & (last_cool >= 0), lengths, 0)


def _lagged(heat: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    before = np.full((*heat.shape[:-1], min(lag, heat.shape[-1])), np.nan)
    return np.concatenate([before, heat[..., : max(heat.shape[-1] - lag, 0)]], axis=-1)
