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


@dataclass(frozen=True, kw_only=True)
class RecordedSum:
    """Of the accounts that are made. The ends of the intervals are added, as if all errors went the same way."""

    accounts: int
    saved_kwh: float
    low_kwh: float
    high_kwh: float
    saved_kg_co2: float


def recorded(
    connection: sa.Connection,
    *,
    building: str | None = None,
    year: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[RecordedAccount]:
    """Accounts whose period begins in `year`, of one building or all, in the order of building and period."""
    query = sa.select(*_COLUMNS).where(*_chosen(building, year)).order_by(work_items.c.reference)
    rows = connection.execute(query.limit(limit).offset(offset)).mappings()
    return list(_accounts(rows))


def recorded_sum(connection: sa.Connection, *, year: int | None = None) -> RecordedSum:
    """What the accounts of `year`, or all of them, say together."""
    account = work_items.c.result[ACCOUNT]
    names = ("saved_kwh", "saved_kwh_low", "saved_kwh_high", "saved_kg_co2")
    sums = [sa.func.coalesce(sa.func.sum(account[name].as_float()), 0.0) for name in names]
    made = sa.func.count(account["saved_kwh"].as_float())
    number, saved, low, high, co2 = connection.execute(sa.select(made, *sums).where(*_chosen(None, year))).one()
    return RecordedSum(accounts=number, saved_kwh=saved, low_kwh=low, high_kwh=high, saved_kg_co2=co2)


def recorded_years(connection: sa.Connection) -> list[int]:
    """Years in which an account begins, newest first."""
    found = connection.execute(sa.select(work_items.c.reference).where(*_chosen(None, None))).scalars()
    return sorted({int(reference.split("/")[2][:4]) for reference in found}, reverse=True)


def _chosen(building: str | None, year: int | None) -> list[sa.ColumnElement[bool]]:
    """Items with references `account/<building>/<first>/<last>`; a plan's has no account in its payload."""
    reference = work_items.c.reference
    prefix = f"{ACCOUNT}/" if building is None else f"{ACCOUNT}/{building}/"
    chosen = [
        work_items.c.workload == WORKLOAD,
        reference.startswith(prefix, autoescape=True),
        work_items.c.payload[ACCOUNT]["id"].as_string().is_not(None),
    ]
    return chosen if year is None else [*chosen, reference.like(f"{ACCOUNT}/%/{year}-__-__/%")]


def recorded_item(connection: sa.Connection, item_id: UUID) -> RecordedAccount:
    """One account.

    Raises:
        NotFoundError: there is no such item, or it is no account.
    """
    query = sa.select(*_COLUMNS).where(*_chosen(None, None), work_items.c.id == item_id)
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
        asked = row["payload"][ACCOUNT]
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
