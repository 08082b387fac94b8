"""The plan as files that people and building systems already read: a table and a calendar."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from samdrift_energy_forecast.plan_document import Entry, Plan
from samdrift_energy_forecast.reasons import Language

#: Namespace of the calendar's UIDs: the same building and hour give the same event, so an import replaces it.
CALENDAR_NAMESPACE = UUID("6f1d3f0e-6a55-5b0c-9a5e-0f7c3f1f7d11")
COLUMNS = (
    "begins_local",
    "begins_utc",
    "set_point_c",
    "setback_c",
    "open",
    "outdoor_c",
    "setback_kwh",
    "setback_kwh_q10",
    "setback_kwh_q90",
    "planned_kwh",
    "reason",
    "reason_text",
)
SET_POINT = {"da": "Setpunkt {celsius} °C", "en": "Set-point {celsius} °C"}


def to_csv(plan: Plan, language: Language) -> bytes:
    """UTF-8 with header, a row an hour; numbers with a point, so that every language's tools read the same."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")  # RFC 4180
    writer.writeheader()
    writer.writerows(_row(plan, k, language) for k in range(plan.horizon_h))
    return text.getvalue().encode("utf-8")


def set_points_of_csv(data: bytes) -> dict[datetime, float]:
    """Set-points in C by the aware beginning of their hour: what a controller takes from the table."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8")))
    return {datetime.fromisoformat(row["begins_utc"]): float(row["set_point_c"]) for row in rows}


def to_ical(plan: Plan, language: Language) -> bytes:
    """An iCalendar (RFC 5545) with an event for each stretch of equal set-points; the same plan, the same bytes."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Samdrift//energy_forecast//EN")
    calendar.add("version", "2.0")
    stretches = _stretches(plan)
    for stretch, ends in zip(stretches, [*(after[0].begins for after in stretches[1:]), plan.ends], strict=True):
        calendar.add_component(_event(plan, stretch, ends, language))
    data: bytes = calendar.to_ical()
    return data


def _row(plan: Plan, k: int, language: Language) -> dict[str, Any]:
    begins = plan.hours[k]
    entry = plan.entry_at(begins)
    return {name: plan.values(name)[k] for name in COLUMNS if name in plan.series} | {
        "begins_local": begins.astimezone(ZoneInfo(plan.building.time_zone)).isoformat(),
        "begins_utc": begins.isoformat(),
        "set_point_c": entry.set_point_c,
        "open": int(plan.values("open")[k] or 0),
        "reason": entry.reason.value,
        "reason_text": entry.text(language),
    }


def _stretches(plan: Plan) -> list[list[Entry]]:
    return [list(stretch) for _, stretch in groupby(plan.entries, key=lambda entry: entry.set_point_c)]


def _event(plan: Plan, stretch: Sequence[Entry], ends: datetime, language: Language) -> Any:
    from icalendar import Event

    begins, building = stretch[0].begins, plan.building
    event = Event()
    event.add("uid", f"{uuid5(CALENDAR_NAMESPACE, building.id + ' ' + begins.isoformat())}@samdrift")
    event.add("dtstamp", plan.issue_time)
    event.add("dtstart", begins)
    event.add("dtend", ends)
    celsius = format(stretch[0].set_point_c, ".1f")
    event.add("summary", SET_POINT[language].format(celsius=_decimal(celsius, language)))
    event.add("location", building.name)
    event.add("description", "\n".join(dict.fromkeys(entry.text(language) for entry in stretch)))
    event.add("transp", "TRANSPARENT")
    return event


def _decimal(number: str, language: Language) -> str:
    return number.replace(".", ",") if language == "da" else number
