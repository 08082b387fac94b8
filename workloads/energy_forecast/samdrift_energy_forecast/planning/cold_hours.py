"""How cold rooms would be while open, and how cold they may be: no colder than fixed setback would leave them.

With only the mean of the rooms and the coldest one of each hour, those two are looked at. Where rooms have sensors of
their own each has an account, so a little may be spent on purpose (see `comfort_credit`), and a room that became
colder than fixed setback would have left it is kept warmer in the next openings (docs/decisions/0036).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.thermal.comfort_credit import MEAN_TOLERATED_KH, allowed_kh
from samdrift_energy_forecast.thermal.response import QUARTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.planning.start_stop import Opening
    from samdrift_energy_forecast.planning.start_stop_search import Situation

    Array: TypeAlias = NDArray[np.float64]

#: Of the cold that fixed setback would bring, at most this share is taken away to make up for an earlier day.
LARGEST_RECOVERY = 0.3
#: A room's limit rises by so many K for each K h of its debt beyond the ignored one, at most by the last (K).
RAISED_K_PER_KH, IGNORED_ROOM_DEBT_KH, MOST_RAISED_K = 1.0, 0.1, 0.5
#: What a K h too much in the worst of the rooms weighs, where two columns have 1 each: it is foreseen with an error of
#: its own, and the room's account makes good what was wrong. Too much in their mean weighs as two columns do.
WORST_ROOM_WEIGHT, MEAN_WEIGHT = 0.4, 2.0


class ColdHours:
    """K h below the limit in the openings of a situation, against what is allowed."""

    def __init__(self, situation: Situation, found: tuple[Opening, ...], setback_columns_c: Array) -> None:
        """`setback_columns_c` has mean and coldest under fixed setback, shape `(steps, 2)`."""
        self._situation, self._openings = situation, found
        setback_kh = self._of(setback_columns_c[:, None], own=False)[:, 0]
        #: Shape `(openings, rooms)` and `(openings,)`.
        self._allowed_kh = self._with_credit(setback_kh, self._credit_kh)
        self._allowed_mean_kh = self._allowed_kh.mean(axis=1)
        if situation.rooms is not None:
            owned = allowed_kh(situation.room_balance_kh.mean() + MEAN_TOLERATED_KH)
            self._allowed_mean_kh = self._with_credit(setback_kh.mean(axis=1), owned)

    def over_kh(self, columns_c: Array) -> Array:
        """Weighted K h above what is allowed, shape `(choices,)`, of `(steps, choices, 2)`."""
        cold_kh = self._of(columns_c, own=True)
        over = np.maximum(0.0, cold_kh - self._allowed_kh[:, None])
        by_room = over.sum(axis=2) if self._situation.rooms is None else WORST_ROOM_WEIGHT * over.max(axis=2)
        mean_over = np.maximum(0.0, cold_kh.mean(axis=2) - self._allowed_mean_kh[:, None])
        return np.asarray((by_room + MEAN_WEIGHT * mean_over).sum(axis=0))

    @property
    def _credit_kh(self) -> Array:
        one = self._situation
        return one.credit_kh if one.rooms is None else one.room_credit_kh

    def _of(self, columns_c: Array, *, own: bool) -> Array:
        """K h below the limit in each opening, shape `(openings, choices, rooms)`; `own` says under a plan."""
        one = self._situation
        limit_c = np.asarray(one.bounds.open_c + one.margin_k)
        if one.rooms is not None and own:
            debt_kh = -one.room_balance_kh - IGNORED_ROOM_DEBT_KH
            limit_c = limit_c + np.clip(RAISED_K_PER_KH * debt_kh, 0.0, MOST_RAISED_K)
        sums = []
        for opening in self._openings:
            steps = opening.begins + np.flatnonzero(one.around.is_open[opening.begins : opening.ends])
            rooms_c = columns_c[steps]
            if one.rooms is not None:
                rooms_c = one.rooms.read_off(rooms_c, (one.around.first + steps // QUARTERS) % hours.DAY, own=own)
            sums.append(np.maximum(0.0, limit_c - rooms_c).sum(axis=0) / QUARTERS)
        return np.array(sums)

    def _with_credit(self, setback_kh: Array, credit_kh: Array) -> Array:
        """As cold as fixed setback would be; in the next opening with what was spared or overspent before."""
        if self._situation.must_recover:
            return np.zeros_like(setback_kh)
        allowed = setback_kh.copy()
        allowed[0] = np.maximum(allowed[0] + credit_kh, (1 - LARGEST_RECOVERY) * allowed[0])
        return np.maximum(allowed, 0.0)
