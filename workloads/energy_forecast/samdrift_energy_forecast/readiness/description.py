"""What a building's description lacks, and what in it looks like a slip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from samdrift_energy_forecast.building.calendar import public_holidays
from samdrift_energy_forecast.readiness.item import Item, missing, odd, ok

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription, Calendar
    from samdrift_energy_forecast.building.school_holidays import SchoolHoliday

#: Latitude and longitude within which Denmark lies, Bornholm included.
DENMARK = ((54.4, 57.9), (7.8, 15.4))
#: Heated floor area of a public building in m2.
PLAUSIBLE_AREA_M2 = (20.0, 300_000.0)
#: A kWh of heat or electricity in DKK; more is a price of a MWh.
LARGEST_PRICE_DKK = 10.0
#: Coal in an old boiler stays below; more is a factor in grams.
LARGEST_KG_CO2_PER_KWH = 1.5
#: An emission factor is an average of one year; networks change.
OLDEST_FACTOR_YEARS = 3
#: Fewer days of known holidays ahead, and the next school year's file is due.
HOLIDAYS_AHEAD = timedelta(days=120)
#: Kinds of building that close in school holidays.
WITH_SCHOOL_HOLIDAYS = frozenset({"school", "kindergarten", "gymnasium", "sfo"})
#: Warm so many hours before people come is more than walls need.
LONGEST_LEAD_H = 8


def of_description(
    building: BuildingDescription, holidays: Sequence[SchoolHoliday] | None, *, today: date
) -> Iterator[Item]:
    """Every item that needs no readings.

    Args:
        building: as its owner describes it.
        holidays: of its municipality, as imported; None where it is not known what is imported.
        today: in the building's own time zone.
    """
    yield _location(building)
    yield _area(building)
    yield from _opening(building.calendar, building)
    yield _public_holidays(building.calendar, today)
    yield _school_holidays(building, holidays, today)
    yield from _comfort(building)
    yield _tariff(building)
    yield _emission(building, today)
    yield _delivery(building)


def _location(building: BuildingDescription) -> Item:
    place = building.location
    if place is None:
        return missing(
            "location",
            "No weather forecast can be fetched, so no plan is better than the fixed setback.",
            "Add [location] with latitude and longitude.",
        )
    (south, north), (west, east) = DENMARK
    inside = south <= place.latitude <= north and west <= place.longitude <= east
    if building.calendar.country == "DK" and not inside:
        return odd(
            "location",
            f"{place.latitude:g}, {place.longitude:g} is not in Denmark.",
            "See whether latitude and longitude are swapped or lack a digit.",
        )
    return ok("location", f"{place.latitude:g}, {place.longitude:g}")


def _area(building: BuildingDescription) -> Item:
    if building.area_m2 is None:
        return missing("area", "The energy account cannot tell kWh per m2.", "Add area_m2, the heated floor area.")
    low, high = PLAUSIBLE_AREA_M2
    if not low <= building.area_m2 <= high:
        return odd("area", f"{building.area_m2:g} m2 is not the size of a public building.", "Correct area_m2.")
    return ok("area", f"{building.area_m2:g} m2")


def _opening(calendar: Calendar, building: BuildingDescription) -> Iterator[Item]:
    what, warm, setback = "opening hours", building.setback.warm, building.setback
    total_h = sum(one.ends_h - one.begins_h for opening in calendar.opening.values() for one in opening)
    yield ok(what, f"{total_h} hours a week on {len(calendar.opening)} days")
    for day, opening in calendar.opening.items():
        for one in opening:
            if one.begins_h < warm.begins_h or one.ends_h > warm.ends_h:
                yield odd(
                    what,
                    f"People are there on {day} {one.begins_h:02d}-{one.ends_h:02d}, but the fixed plan is warm "
                    f"{warm.begins_h:02d}-{warm.ends_h:02d} only.",
                    "Correct the hours, or setback.warm if today's plan is another one.",
                )
    lead_h = min(opening[0].begins_h for opening in calendar.opening.values()) - warm.begins_h
    if lead_h > LONGEST_LEAD_H and setback.setback_c < setback.warm_c:
        yield odd(what, f"The fixed plan is warm {lead_h} hours before anybody comes.", "Correct setback.warm.")


def _public_holidays(calendar: Calendar, today: date) -> Item:
    days = sorted(day for day in public_holidays(calendar.country, (today.year, today.year + 1)) if day >= today)
    return ok("public holidays", f"closed on {len(days)} days of {calendar.country} until {days[-1]}")


def _school_holidays(building: BuildingDescription, holidays: Sequence[SchoolHoliday] | None, today: date) -> Item:
    what, calendar = "school holidays", building.calendar
    code = calendar.school_holidays_of
    if code is not None and holidays is None:
        return odd(
            what,
            f"Those of municipality {code} are used; which are imported was not looked up here.",
            "Check against the platform, or give --school-holidays FILE.",
        )
    if code is not None and not holidays:
        return missing(
            what,
            f"None is imported for municipality {code}: it is heated as on ordinary days.",
            "Import them: `samdrift energy holidays import FILE`.",
        )
    if code is None and building.type not in WITH_SCHOOL_HOLIDAYS:
        return ok(what, f"a building of type {building.type} does not follow them")
    known = [one.last for one in holidays or ()] + [one.last for one in calendar.closures] + list(calendar.closed)
    if not known:
        return missing(
            what,
            f"A {building.type} without school holidays is heated in them.",
            "Name the municipality in calendar.school_holidays_of, or the days in calendar.closures.",
        )
    if max(known) < today + HOLIDAYS_AHEAD:
        return odd(what, f"The last one that is known ends on {max(known)}.", "Import those of the next school year.")
    return ok(what, f"known until {max(known)}")


def _comfort(building: BuildingDescription) -> Iterator[Item]:
    from samdrift_energy_forecast.building.limits import resolved

    findings = resolved(building).findings
    comfort = building.comfort
    if not findings:
        yield ok("comfort", f"{comfort.open_c:g} C while open, {comfort.closed_c:g} C while closed")
    for finding in findings:
        yield odd("comfort", finding.en, "Correct comfort or setback; until then the plan does as said.")


def _tariff(building: BuildingDescription) -> Item:
    price, currency = building.tariff.price_per_kwh, building.tariff.currency
    if price == 0:
        return odd("tariff", "A kWh costs nothing, so no plan saves money.", "Set tariff.price_per_kwh.")
    if currency == "DKK" and price > LARGEST_PRICE_DKK:
        return odd("tariff", f"{price:g} DKK a kWh: this looks like a MWh's price.", "Divide by 1000.")
    return ok("tariff", f"{price:g} {currency} a kWh")


def _emission(building: BuildingDescription, today: date) -> Item:
    what, emission = "emission factor", building.emission
    if emission.kg_co2_per_kwh > LARGEST_KG_CO2_PER_KWH:
        return odd(what, f"{emission.kg_co2_per_kwh:g} kg a kWh: this looks like grams.", "Divide by 1000.")
    if today.year - emission.year > OLDEST_FACTOR_YEARS:
        return odd(
            what,
            f"It is of {emission.year}, {today.year - emission.year} years old.",
            "Ask the supplier for a newer one; until then accounts say the year.",
        )
    return ok(what, f"{emission.kg_co2_per_kwh:g} kg a kWh, of {emission.year}")


def _delivery(building: BuildingDescription) -> Item:
    if not building.delivery.email and not building.delivery.folder:
        return odd("delivery", "Plans can be fetched, but nobody is sent them.", "Add delivery.email.")
    receivers = len(building.delivery.email)
    folder = ", and the operator's folder" if building.delivery.folder else ""
    return ok("delivery", f"{receivers} {'address' if receivers == 1 else 'addresses'}{folder}")
