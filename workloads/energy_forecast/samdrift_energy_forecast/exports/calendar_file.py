"""A plan as a calendar (iCalendar, RFC 5545): an event for each entry, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from samdrift_energy_forecast.plans.document import Entry, Plan
from samdrift_energy_forecast.plans.reasons import Language

#: Namespace of the UIDs: the same building and beginning give the same event, so that an import replaces it.
CALENDAR_NAMESPACE = UUID("6f1d3f0e-6a55-5b0c-9a5e-0f7c3f1f7d11")
#: The set-point for programs: a number in C with a point.
SET_POINT_PROPERTY = "X-SAMDRIFT-SET-POINT-C"
SET_POINT = {"da": "Setpunkt {celsius} °C", "en": "Set-point {celsius} °C"}


def to_ical(plan: Plan, language: Language) -> bytes:
    """UTF-8; the same plan, the same bytes."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Samdrift//energy_forecast//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")  # RFC 5546, section 3.2.1: nobody is asked to answer
    for entry, ends in _holding(plan):
        calendar.add_component(_event(plan, entry, ends, language))
    data: bytes = calendar.to_ical()
    return data


def set_points_of_ical(data: bytes) -> dict[tuple[datetime, datetime], float]:
    """Set-points in C by the aware beginning and end of their event."""
    from icalendar import Calendar

    return {
        (event.decoded("DTSTART"), event.decoded("DTEND")): float(str(event[SET_POINT_PROPERTY]))
        for event in Calendar.from_ical(data).walk("VEVENT")
    }


def _holding(plan: Plan) -> Iterator[tuple[Entry, datetime]]:
    """Each entry and when it ceases to hold."""
    ends = [*(entry.begins for entry in plan.entries[1:]), plan.ends]
    return zip(plan.entries, ends, strict=True)


def _event(plan: Plan, entry: Entry, ends: datetime, language: Language) -> Any:
    from icalendar import Event

    building = plan.building
    event = Event()
    event.add("uid", f"{uuid5(CALENDAR_NAMESPACE, building.id + ' ' + entry.begins.isoformat())}@samdrift")
    event.add("dtstamp", plan.issue_time)
    event.add("dtstart", entry.begins)
    event.add("dtend", ends)
    celsius = format(entry.set_point_c, ".1f")
    event.add("summary", SET_POINT[language].format(celsius=_decimal(celsius, language)))
    event.add("location", building.name)
    event.add("description", entry.text(language))
    event.add("transp", "TRANSPARENT")
    event.add(SET_POINT_PROPERTY, str(entry.set_point_c))
    return event


def _decimal(number: str, language: Language) -> str:
    return number.replace(".", ",") if language == "da" else number
