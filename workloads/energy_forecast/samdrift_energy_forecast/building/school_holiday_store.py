"""School holidays in the ledger's database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.school_holidays import SchoolHoliday, by_municipality, resolved, spans
from samdrift_energy_forecast.tables import school_holidays
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import take_turns


def put(connection: sa.Connection, holidays: Sequence[SchoolHoliday], *, by: str, now: datetime) -> None:
    """Write periods; of each municipality they replace those that lie between their first and their last day.

    So a corrected file is imported again, and a new year's file leaves earlier years as they are.
    """
    take_turns(connection, "energy_forecast_school_holidays")
    table = school_holidays
    for code, first, last in spans(holidays):
        within = (table.c.municipality == code) & (table.c.last >= first) & (table.c.first <= last)
        connection.execute(sa.delete(table).where(within))
    rows = [
        {
            "municipality": one.municipality,
            "municipality_name": one.municipality_name,
            "name": one.name,
            "first": one.first,
            "last": one.last,
            "source": one.source,
            "imported_at": now,
            "imported_by": by,
        }
        for one in holidays
    ]
    if rows:
        connection.execute(sa.insert(table), rows)
    details = [{"first": first.isoformat(), "last": last.isoformat()} for _, first, last in spans(holidays)]
    codes = [code for code, _, _ in spans(holidays)]
    events = [
        audit.Event(actor=by, action="school_holidays.imported", subject=f"municipality:{code}", details=told)
        for code, told in zip(codes, details, strict=True)
    ]
    audit.append(connection, events, now=now)


def held(connection: sa.Connection, municipalities: Collection[str] | None = None) -> Iterator[SchoolHoliday]:
    """Periods of these municipalities, or of all, in order."""
    table = school_holidays
    query = sa.select(table).order_by(table.c.municipality, table.c.first)
    if municipalities is not None:
        query = query.where(table.c.municipality.in_(sorted(municipalities)))
    for row in connection.execute(query).mappings():
        yield SchoolHoliday(
            municipality=row["municipality"],
            municipality_name=row["municipality_name"],
            name=row["name"],
            first=row["first"],
            last=row["last"],
            source=row["source"],
        )


def with_school_holidays(
    connection: sa.Connection, buildings: Sequence[BuildingDescription]
) -> list[BuildingDescription]:
    """The buildings, each with its municipality's school holidays among its closures."""
    codes = {code for one in buildings if (code := one.calendar.school_holidays_of) is not None}
    known = by_municipality(held(connection, codes)) if codes else {}
    return [resolved(one, known) for one in buildings]
