"""What a building's readings lack, and what in them looks like a slip of the description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar, LocalHours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering.readings import FEWEST_HOURS, OLDEST_LATEST_READING_H, Readings, read_meters
from samdrift_energy_forecast.metering.series import Series
from samdrift_energy_forecast.readiness.item import Item, missing, odd, ok
from samdrift_energy_forecast.readiness.usage import (
    CLEAR_RISE,
    LIKE_OPEN,
    Span,
    opening_by_counts,
    rises,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription, Weekday
    from samdrift_energy_forecast.metering.meter_file import MeterFile
    from samdrift_energy_forecast.quality.examination import ExaminedMeter

#: A forecast of the building's own needs so many days; until then it leans on the registered model.
OWN_FORECAST_DAYS = 56
#: A year has every season: what a backtest and a savings baseline need.
YEAR_DAYS = 365
#: kWh per m2 and year that heated buildings take, with room on both sides.
PLAUSIBLE_KWH_M2 = (5.0, 1500.0)
NEEDED_ROOMS = "Without room temperature only the fixed setback plan is possible: nothing can be saved."


def of_readings(file: MeterFile, building: BuildingDescription, *, now_hour: int) -> Iterator[Item]:
    """Every item that needs the meter file."""
    if Series.HEAT not in file.cells or file.last_seconds is None:
        yield missing(
            "readings", "The file has no heat readings with stamps that can be read.", "Export stamp and heat again."
        )
        return
    examined = _examined(file, building)
    yield _coverage(examined, now_hour)
    yield from _quality(examined)
    issue = -(-file.last_seconds // hours.SECONDS)
    try:
        readings = read_meters(file.order_table(), issue, building)
    except ReadingsError as error:
        yield missing("plan", f"No plan can be made of these readings: {error.message}", "Correct what is said above.")
        return
    yield _history(readings)
    yield _size(readings, building)
    yield _rooms(readings, file)
    yield from _usage(file, readings, building)


def _examined(file: MeterFile, building: BuildingDescription) -> ExaminedMeter:
    from samdrift_energy_forecast.quality.examination import RawReadings, Surroundings, examine

    raw = RawReadings(
        stamps=file.stamps.cells,
        series={"heat": file.cells[Series.HEAT]},
        is_utc=file.is_utc,
        decimal_comma=file.decimal_comma,
    )
    surroundings = Surroundings(zone=building.zone, heats_from=building.setback.warm.begins_h)
    found = examine(raw, building.meter, surroundings, naive_zone=ZoneInfo(building.meter.time_zone))
    return found.meters["heat"]


def _coverage(examined: ExaminedMeter, now_hour: int) -> Item:
    span = f"{hours.start_of(examined.first):%Y-%m-%d %H:%M} to {hours.start_of(examined.end):%Y-%m-%d %H:%M} UTC"
    found = f"{span}, {examined.known_share:.1%} of the hours can be used"
    if not examined.is_hourly:
        return missing(
            "readings",
            f"{found}; they are {examined.step_s / hours.SECONDS:g} hours apart.",
            "Have the meter read every hour: no plan can be made of slower readings.",
        )
    if examined.known_share < 0.9:
        return odd("readings", f"{found}.", "Look for the missing hours; a plan takes at most one in ten.")
    age_h = now_hour - examined.end
    if age_h > OLDEST_LATEST_READING_H:
        return odd(
            "readings",
            f"{found}; the newest is {timedelta(hours=age_h).days} days old.",
            "Send fresh ones: a plan needs readings of the last 24 hours.",
        )
    return ok("readings", found)


def _quality(examined: ExaminedMeter) -> Iterator[Item]:
    if not examined.verdicts:
        yield ok("readings' quality", "nothing that cannot be believed")
    seen = set()
    for verdict in examined.verdicts:
        if verdict.code in seen:
            continue
        seen.add(verdict.code)
        count = examined.counts[verdict.code]
        where = "" if verdict.begins is None else f", the first from {verdict.begins:%Y-%m-%d %H:%M} UTC"
        yield odd(
            "readings' quality", f"{verdict.code}: {count} hours{where}. {verdict.says('en')}", verdict.remedy("en")
        )


def _history(readings: Readings) -> Item:
    days = int(np.isfinite(readings.heat_kwh).sum()) // hours.DAY
    if days >= YEAR_DAYS:
        return ok("history", f"{days} days")
    if days >= OWN_FORECAST_DAYS:
        return ok("history", f"{days} days; a backtest and a savings baseline want a year")
    return odd(
        "history",
        f"{days} days; a plan takes {FEWEST_HOURS // hours.DAY}, a forecast of its own "
        f"{OWN_FORECAST_DAYS}: until then it leans on the registered model.",
        "Send older readings too.",
    )


def _size(readings: Readings, building: BuildingDescription) -> Item:
    yearly = float(np.nanmean(readings.heat_kwh)) * hours.DAY * YEAR_DAYS
    if building.area_m2 is None:
        return ok("heat", f"{np.nanmean(readings.heat_kwh):.1f} kWh an hour in the mean")
    specific = yearly / building.area_m2
    found = (
        f"{np.nanmean(readings.heat_kwh):.1f} kWh an hour in the mean, {specific:.0f} kWh per m2 over a year of such"
    )
    low, high = PLAUSIBLE_KWH_M2
    if not low <= specific <= high:
        return odd("heat", f"{found}.", "See whether meter.unit, meter.quantity or area_m2 is wrong.")
    return ok("heat", found)


def _rooms(readings: Readings, file: MeterFile) -> Item:
    what, todo = "rooms", "Measure at least one room that tells for the others; indoor_c is their mean."
    if Series.INDOOR not in file.cells:
        return missing(what, f"They are not measured. {NEEDED_ROOMS}", todo)
    if not readings.has_room_temperature:
        share = float(np.isfinite(readings.indoor_c).mean())
        return missing(
            what,
            f"Measured in {share:.0%} of the hours, or not in the last one. {NEEDED_ROOMS}",
            "See whether the sensors are alive: nine hours in ten and the last one are needed.",
        )
    if Series.COLDEST_ROOM not in file.cells:
        return odd(
            what,
            "Their mean is measured, the coldest room is not: people there may be colder than foreseen.",
            "Add the column coldest_room_c.",
        )
    return ok(what, "mean and coldest room are measured")


def _usage(file: MeterFile, readings: Readings, building: BuildingDescription) -> Iterator[Item]:
    if Series.OCCUPANCY in file.cells:
        yield from _by_counts(file, building)
    ordinary = _ordinary(building, readings.first, len(readings.heat_kwh))
    found = rises(building, readings.first, readings.heat_kwh, ordinary)
    open_days = list(building.calendar.opening)
    usual = found.of(open_days)
    if usual is None or usual < CLEAR_RISE:
        return
    for day, rise in found.by_weekday.items():
        like = (rise - 1) / (usual - 1)
        if day not in open_days and like >= LIKE_OPEN:
            yield odd(
                "opening hours",
                f"On {day} it is heated like on open days, but closed in the calendar.",
                f"Add calendar.opening.{day}, or see why the heating runs.",
            )
        if day in open_days and like < 1 - LIKE_OPEN:
            yield odd(
                "opening hours",
                f"On {day} it is heated like on closed days, but open in the calendar.",
                f"Remove calendar.opening.{day}, or see whether the heating works.",
            )


def _by_counts(file: MeterFile, building: BuildingDescription) -> Iterator[Item]:
    first, people = _hourly(file)
    suggested = opening_by_counts(building, first, people, _ordinary(building, first, len(people)))
    if not suggested:
        yield odd("occupancy", "There are too few counts to tell opening hours.", "Send three weeks or more.")
        return
    different = {day: spans for day, spans in suggested.items() if spans != _described(building, day)}
    if not different:
        yield ok("occupancy", "people are there when it is open")
    for day, spans in different.items():
        said = ", ".join(map(str, _described(building, day))) or "closed"
        seen = ", ".join(map(str, spans)) or "nobody"
        yield odd(
            "occupancy",
            f"On {day} the calendar says {said}, people were counted {seen}.",
            f"Correct calendar.opening.{day}, or see whether the counter is right.",
        )


def _described(building: BuildingDescription, day: Weekday) -> tuple[Span, ...]:
    return tuple(Span(begins_h=one.begins_h, ends_h=one.ends_h) for one in building.calendar.opening.get(day, ()))


def _ordinary(building: BuildingDescription, first: int, count: int) -> NDArray[np.bool_]:
    """Hours of days that are not closed by a holiday, a closure or the like."""
    local, calendar = LocalHours.of(first, count, building.zone), BuildingCalendar(building)
    return ~calendar.is_closed(local.day)


def _hourly(file: MeterFile) -> tuple[int, NDArray[np.float64]]:
    """Mean count of each hour, NaN where there is none; stamps end their intervals."""
    known = file.stamps.is_known & np.isfinite(file.numbers[Series.OCCUPANCY].values)
    hour = (file.stamps.seconds[known] - 1) // hours.SECONDS
    if not len(hour):
        return 0, np.zeros(0)
    first = int(hour.min())
    counts = np.bincount(hour - first)
    sums = np.bincount(hour - first, weights=file.numbers[Series.OCCUPANCY].values[known])
    return first, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
