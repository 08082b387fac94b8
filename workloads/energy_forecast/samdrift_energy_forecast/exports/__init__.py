"""The plan as files that people and building systems already read: table, calendar, JSON, BACnet schedule.

Nothing of them is kept: they are made from the stored plan when they are asked for, and the same plan gives the same
bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from samdrift_energy_forecast.exports.bacnet import to_bacnet
from samdrift_energy_forecast.exports.calendar_file import to_ical
from samdrift_energy_forecast.exports.table import set_points_of_csv, to_csv
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.reasons import Language

__all__ = ["KINDS", "FileKind", "set_points_of_csv", "to_bacnet", "to_csv", "to_ical"]


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """One kind of file that a plan is handed over as."""

    #: What its name ends with, without the dot.
    suffix: str
    media_type: str
    #: What it is called, for a person.
    name: str
    render: Callable[[Plan, Language], bytes]


#: By suffix, in the order in which they are offered.
KINDS = {
    kind.suffix: kind
    for kind in (
        FileKind(suffix="csv", media_type="text/csv; charset=utf-8", name="CSV", render=to_csv),
        FileKind(suffix="ics", media_type="text/calendar; charset=utf-8", name="iCalendar", render=to_ical),
        FileKind(
            suffix="json",
            media_type="application/json",
            name="JSON",
            render=lambda plan, _language: plan.to_json(),
        ),
        FileKind(
            suffix="bacnet.json",
            media_type="application/json",
            name="BACnet JSON",
            render=lambda plan, _language: to_bacnet(plan),
        ),
    )
}
