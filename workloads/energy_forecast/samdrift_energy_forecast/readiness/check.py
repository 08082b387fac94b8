"""The whole check of a building, as a list of items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.readiness.description import of_description
from samdrift_energy_forecast.readiness.item import Item, missing

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.building.school_holidays import SchoolHoliday
    from samdrift_energy_forecast.metering.meter_file import MeterFile


def check(
    building: BuildingDescription,
    *,
    file: MeterFile | None,
    holidays: Sequence[SchoolHoliday] | None,
    now: datetime,
) -> list[Item]:
    """What is there, odd and missing, in the order of the description.

    Args:
        building: as its owner describes it.
        file: its readings, if there are any.
        holidays: of the municipality that it follows; None where it is not known what is imported.
        now: says how old things are.
    """
    from samdrift_energy_forecast.building.school_holidays import resolved
    from samdrift_energy_forecast.readiness.readings import of_readings

    items = list(of_description(building, holidays, today=now.astimezone(building.zone).date()))
    if file is None:
        told = missing(
            "readings", "None was given, so meter, rooms and history were not looked at.", "Give --readings FILE."
        )
        return [*items, told]
    code = building.calendar.school_holidays_of
    closed = resolved(building, {code: holidays}) if code and holidays else building
    return [*items, *of_readings(file, closed, now_hour=int(now.timestamp()) // hours.SECONDS)]
