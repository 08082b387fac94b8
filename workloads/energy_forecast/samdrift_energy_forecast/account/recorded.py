"""Accounts that went to the benefit ledger, read back from its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_energy_forecast.account.item import ACCOUNT, REFUSAL
from samdrift_energy_forecast.account.refusal import Refusal, RefusalCode
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import work_items

if TYPE_CHECKING:
    from samdrift_energy_forecast.account.order import AccountedBuilding

WORKLOAD = "energy_forecast"
#: Of items that count, or may still come to count.
_COUNTING = (ItemState.QUEUED, ItemState.RUNNING, ItemState.DONE)


_COLUMNS = (work_items.c.id, work_items.c.state, work_items.c.payload, work_items.c.result, work_items.c.reason)


class OverlappingAccountError(ConflictError):
    """A part of this period is accounted for already. Choose days that are not: a saving counts once."""


@dataclass(frozen=True, kw_only=True)
class RecordedAccount:
    """An account as an item of the ledger."""

    item_id: UUID
    building: str
    name: str
    first: date
    last: date
    state: ItemState
    #: Columns of `table`, and `weeks`; empty until it is made.
    account: Mapping[str, Any]
    #: Why it was rejected, in English; where data lacked, `refusal` has it in Danish too.
    reason: str | None
    refusal: Refusal | None = None


def recorded(
    connection: sa.Connection, *, building: str | None = None, year: int | None = None
) -> list[RecordedAccount]:
    """Accounts whose period begins in `year`, of one building or all, in the order of building and period."""
    prefix = f"{ACCOUNT}/" if building is None else f"{ACCOUNT}/{building}/"
    query = (
        sa.select(*_COLUMNS)
        .where(work_items.c.workload == WORKLOAD, work_items.c.reference.startswith(prefix, autoescape=True))
        .order_by(work_items.c.reference)
    )
    found = list(_accounts(connection.execute(query).mappings()))
    return [one for one in found if year is None or one.first.year == year]


def recorded_item(connection: sa.Connection, item_id: UUID) -> RecordedAccount:
    """One account.

    Raises:
        NotFoundError: there is no such item, or it is no account.
    """
    query = sa.select(*_COLUMNS).where(work_items.c.workload == WORKLOAD, work_items.c.id == item_id)
    found = next(_accounts(connection.execute(query).mappings()), None)
    if found is None:
        raise NotFoundError(f"There is no account {item_id} here. Check the identifier.")
    return found


def refuse_overlap(connection: sa.Connection, building: AccountedBuilding) -> None:
    """A period of a building counts once.

    Raises:
        OverlappingAccountError: some of its days are in another account; the same period again is no other one.
    """
    for one in recorded(connection, building=building.id):
        same = (one.first, one.last) == (building.first, building.last)
        overlaps = one.first <= building.last and building.first <= one.last
        if one.state in _COUNTING and overlaps and not same:
            told = f"{building.id} from {one.first} to {one.last} is item {one.item_id}"
            raise OverlappingAccountError(f"{OverlappingAccountError.__doc__} ({told})", field=building.id)


def _accounts(rows: Any) -> Iterator[RecordedAccount]:
    for row in rows:
        asked = row["payload"].get(ACCOUNT)
        if asked is None:  # a building may be called "account": its plans have references that begin like ours
            continue
        yield RecordedAccount(
            item_id=row["id"],
            building=asked["id"],
            name=asked["name"],
            first=date.fromisoformat(asked["first"]),
            last=date.fromisoformat(asked["last"]),
            state=ItemState(row["state"]),
            account=(row["result"] or {}).get(ACCOUNT, {}),
            reason=row["reason"],
            refusal=_refusal((row["result"] or {}).get(REFUSAL)),
        )


def _refusal(told: Mapping[str, Any] | None) -> Refusal | None:
    return None if told is None else Refusal(code=RefusalCode(told["code"]), facts=told["facts"])
