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
#: What a room with a sensor of its own, and the mean of all such rooms, may be colder than under fixed setback over
#: these days (K h), spent like a credit. Limit O allows 0.5 and 0.1, and the account sees about half of the cold.
TOLERATED_KH, MEAN_TOLERATED_KH = 0.1, 0.0


@dataclass(frozen=True, kw_only=True)
class ComfortCredit:
    """The account at the plan's beginning."""

    #: K h that each room was warmer than it would have been under fixed setback; shape `(rooms,)`.
    balance_kh: Array
    #: The same of each room that has a sensor of its own; empty where none has.
    room_balance_kh: Array
    #: The building as it would be now under fixed setback, and as it is.
    under_setback: RoomState
    now: RoomState

    @property
    def allowed_kh(self) -> Array:
        """What the next opening may use of it, negative where it has to make good."""
        return allowed_kh(self.balance_kh)

    @property
    def rooms_allowed_kh(self) -> Array:
        """The same of each room that has a sensor of its own."""
        return allowed_kh(self.room_balance_kh + TOLERATED_KH)

    def carried(
        self, response: RoomResponse, around: QuarterHours, set_points_c: Array, setback_c: Array
    ) -> ComfortCredit:
        """The account after the steps of `around`, of which nothing was read; both series have shape `(steps,)`."""
        return replace(
            self,
            now=respond(response, self.now, set_points_c, around).end,
            under_setback=respond(response, self.under_setback, setback_c, around).end,
        )


def allowed_kh(balance_kh: Array) -> Array:
    """What the next opening may use of a balance, negative where it has to make good."""
    owed = np.minimum(0.0, balance_kh + IGNORED_DEBT_KH)
    return np.where(balance_kh > 0, SPENT_SHARE * balance_kh, owed)


def comfort_credit(
    response: RoomResponse,
    history: RoomHistory,
    open_c: float,
    named_c: Array | None = None,
    shares: Array | None = None,
) -> ComfortCredit:
    """Account for the last days of `history` in which other set-points than fixed setback's were in force.

    `named_c` has rooms with sensors of their own, shape `(named, hours)`, and `shares` how much of each column moves
    them (see `named_rooms`).
    """
    steps = len(history.set_points_c)
    now = present(response, history, steps)
    other = np.flatnonzero(history.set_points_c[-ACCOUNT_DAYS * DAY_Q :] != history.setback_c[-ACCOUNT_DAYS * DAY_Q :])
    nobody = np.zeros(0 if named_c is None else len(named_c))
    if not len(other):
        return ComfortCredit(
            balance_kh=np.zeros(len(now.surface_c)), room_balance_kh=nobody, under_setback=now, now=now
        )
    begin = max(0, steps - ACCOUNT_DAYS * DAY_Q) + int(other[0]) // QUARTERS * QUARTERS
    both = np.stack([history.setback_c[begin:], history.set_points_c[begin:]], axis=1)
    around = history.around.window(begin, steps - begin)
    answer = respond(response, present(response, history, begin), both, around)
    columns_c = answer.operative_c
    in_hour_k = columns_c[:, 1] - _hourly(columns_c[:, 1])
    is_open = around.is_open
    apart_k = columns_c[:, 0] - columns_c[:, 1]
    return ComfortCredit(
        balance_kh=_spared_kh(history.bridged_c[:, begin:].T + in_hour_k, apart_k, is_open, open_c),
        room_balance_kh=nobody
        if named_c is None or shares is None
        else _spared_kh(
            np.repeat(named_c[:, begin // QUARTERS :], QUARTERS, axis=1).T + in_hour_k @ shares.T,
            apart_k @ shares.T,
            is_open,
            open_c,
        ),
        under_setback=RoomState(surface_c=answer.end.surface_c[0], mass_c=answer.end.mass_c[0]),
        now=now,
    )


def _hourly(quarters: Array) -> Array:
    """The mean of its hour at each quarter-hour, shape `(steps, ...)`."""
    hourly = quarters.reshape(-1, QUARTERS, *quarters.shape[1:]).mean(axis=1)
    return np.asarray(np.repeat(hourly, QUARTERS, axis=0))


def _spared_kh(read_c: Array, apart_k: Array, is_open: NDArray[np.bool_], open_c: float) -> Array:
    """K h below the limit that rooms were spared, shape `(rooms,)`, from series by the quarter-hour.

    Fixed setback is `apart_k` above `read_c`, what was read with the response's course within each hour: rooms are cold
    in the minutes after opening, when the hour's mean is not.
    """
    spared = np.maximum(0.0, open_c - read_c - apart_k) - np.maximum(0.0, open_c - read_c)
    return np.asarray(np.nansum(spared * is_open[:, None], axis=0) / QUARTERS)
