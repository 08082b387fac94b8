"""What a plan owes its rooms: how cold they were in the last days, against how cold fixed setback would have left them.

Fixed setback was not in force, so its rooms are the response's, moved by what the response got wrong about the rooms
that were read: the same weather, people and doors. The credit is spent slowly and a debt is made good slowly, because
both figures have errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS, QuarterHours, RoomResponse, RoomState, respond
from samdrift_energy_forecast.thermal.response_fit import present

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.thermal.response_fit import RoomHistory

    Array: TypeAlias = NDArray[np.float64]

#: Days that are accounted for: comfort is judged over a fortnight.
ACCOUNT_DAYS = 13
#: Share of a credit that may be spent in one opening; a debt up to this is left to chance (K h).
SPENT_SHARE, IGNORED_DEBT_KH = 0.5, 0.2


@dataclass(frozen=True, kw_only=True)
class ComfortCredit:
    """The account at the plan's beginning."""

    #: K h that each room was warmer than it would have been under fixed setback; shape `(rooms,)`.
    balance_kh: Array
    #: The building as it would be now under fixed setback, and as it is.
    under_setback: RoomState
    now: RoomState

    @property
    def allowed_kh(self) -> Array:
        """What the next opening may use of it, negative where it has to make good."""
        owed = np.minimum(0.0, self.balance_kh + IGNORED_DEBT_KH)
        return np.where(self.balance_kh > 0, SPENT_SHARE * self.balance_kh, owed)

    def carried(
        self, response: RoomResponse, around: QuarterHours, set_points_c: Array, setback_c: Array
    ) -> ComfortCredit:
        """The account after the steps of `around`, of which nothing was read; both series have shape `(steps,)`."""
        return replace(
            self,
            now=respond(response, self.now, set_points_c, around).end,
            under_setback=respond(response, self.under_setback, setback_c, around).end,
        )


def comfort_credit(response: RoomResponse, history: RoomHistory, open_c: float) -> ComfortCredit:
    """Account for the last days of `history` in which other set-points than fixed setback's were in force."""
    steps = len(history.set_points_c)
    now = present(response, history, steps)
    other = np.flatnonzero(history.set_points_c[-ACCOUNT_DAYS * DAY_Q :] != history.setback_c[-ACCOUNT_DAYS * DAY_Q :])
    if not len(other):
        return ComfortCredit(balance_kh=np.zeros(len(now.surface_c)), under_setback=now, now=now)
    begin = max(0, steps - ACCOUNT_DAYS * DAY_Q) + int(other[0]) // QUARTERS * QUARTERS
    both = np.stack([history.setback_c[begin:], history.set_points_c[begin:]], axis=1)
    around = history.around.window(begin, steps - begin)
    answer = respond(response, present(response, history, begin), both, around)
    by_hour = answer.operative_c.reshape(-1, QUARTERS, *answer.operative_c.shape[1:]).mean(axis=1)
    read_c = history.bridged_c[:, begin::QUARTERS].T
    would_be_c = by_hour[:, 0] + read_c - by_hour[:, 1]
    is_open = around.is_open[::QUARTERS, None]
    colder = np.maximum(0.0, open_c - would_be_c) - np.maximum(0.0, open_c - read_c)
    under_setback = RoomState(surface_c=answer.end.surface_c[0], mass_c=answer.end.mass_c[0])
    return ComfortCredit(balance_kh=(colder * is_open).sum(axis=0), under_setback=under_setback, now=now)
