"""A building as its owner describes it: everything that does not change from plan to plan. One TOML file each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from samdrift_energy_forecast.building.comfort_profiles import MOST_WORKING_C, PROFILES, RoomType
from samdrift_energy_forecast.building.document import Celsius as Celsius
from samdrift_energy_forecast.building.document import Document as Document
from samdrift_energy_forecast.building.emission import Emission as Emission
from samdrift_energy_forecast.building.heating_plant import HeatingPlant
from samdrift_energy_forecast.building.tariff import Tariff as Tariff
from samdrift_energy_forecast.building.verification import Verification


def _whole_hour(clock: time) -> time:
    if clock.minute or clock.second or clock.microsecond:
        raise ValueError(f"{clock.isoformat()} is not a whole hour; plans are hourly")
    return clock


@cache
def _time_zones() -> frozenset[str]:
    """Read once: it walks the time zone database, which takes longer than everything else in a building."""
    return frozenset(available_timezones())


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"{name!r} is not an IANA time zone; use for example Europe/Copenhagen")
    return name


def _midnight_as_time(clock: object) -> object:
    """ISO 8601's 24:00 is the midnight at the end of a day; `time` has only the one at its beginning."""
    return "00:00" if clock in ("24:00", "24:00:00") else clock


def _day_of_the_year(text: str) -> str:
    try:
        date.fromisoformat(f"2024-{text}")  # a leap year
    except ValueError as error:
        raise ValueError(f"{text!r} is not a month and a day, such as 12-24") from error
    return text


def _known_country(code: str) -> str:
    if code == "DK":
        return code
    import holidays

    if code not in holidays.list_supported_countries():
        raise ValueError(f"{code!r} is not an ISO 3166 code whose public holidays are known; use for example DK")
    return code


WholeHour = Annotated[time, AfterValidator(_whole_hour)]
#: A year, and a day for the leap year.
LONGEST_CLOSURE_DAYS = 366


class Weekday(StrEnum):
    """Days of the week in ISO 8601's order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class ClockHours(Document):
    """From a whole hour to a later one on the same local day."""

    begins: WholeHour
    """Local time on the whole hour, such as 08:00."""
    ends: Annotated[WholeHour, BeforeValidator(_midnight_as_time)]
    """Local time on the whole hour; 24:00 is the end of the day and is kept as 00:00."""

    @property
    def begins_h(self) -> int:
        """The hour of the local day with which they begin, 0 to 23."""
        return self.begins.hour

    @property
    def ends_h(self) -> int:
        """The hour of the local day before which they end, 1 to 24."""
        return self.ends.hour or 24

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_h <= self.begins_h:
            raise ValueError(f"hours end at {self.ends} but begin at {self.begins}")
        return self


class ExtraOpening(ClockHours):
    """People in the building on one date, whatever else holds on it: an evening class, an open day."""

    on: date
    """The date, such as 2026-03-14."""


class Closure(Document):
    """Days on which the building stays closed, the first and the last included."""

    first: date
    """The first closed day."""
    last: date
    """The last closed day."""
    name: Annotated[str, Field(max_length=200)] = ""
    """Such as Sommerferie."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.last - self.first).days < LONGEST_CLOSURE_DAYS:
            raise ValueError(f"days run from {self.first} to {self.last}; that is no closure of at most a year")
        return self


def _as_several(opening: object) -> object:
    """One pair of hours is a list of one."""
    return opening if isinstance(opening, list | tuple) else (opening,)


def _one_after_the_other(opening: tuple[ClockHours, ...]) -> tuple[ClockHours, ...]:
    for before, after in pairwise(opening):
        if after.begins_h < before.ends_h:
            raise ValueError(f"hours that begin at {after.begins} overlap or precede those before them")
    return opening


OpeningHours = Annotated[
    tuple[ClockHours, ...],
    Field(min_length=1),
    AfterValidator(_one_after_the_other),
    BeforeValidator(_as_several, json_schema_input_type=ClockHours | tuple[ClockHours, ...]),
]


class Calendar(Document):
    """When people are in the building, in its own local time."""

    opening: Annotated[Mapping[Weekday, OpeningHours], Field(min_length=1)]
    """Hours of each open weekday, or several pairs of them; a weekday that is not named is closed."""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$"), AfterValidator(_known_country)] = "DK"
    """ISO 3166 code; its public holidays are closed days."""
    school_holidays_of: Annotated[str, Field(pattern="^0[1-9][0-9]{2}$")] | None = None
    """Four-digit code of the municipality whose school holidays, as imported, are closed days: 0101 is Copenhagen."""
    closed: tuple[date, ...] = ()
    """Further closed days."""
    closed_every_year: tuple[Annotated[str, AfterValidator(_day_of_the_year)], ...] = ()
    """Further closed days that come again, as month and day: 06-05, 12-24, 12-31."""
    closures: tuple[Closure, ...] = ()
    """Further closed days, as periods."""
    also_open: tuple[ExtraOpening, ...] = ()
    """Dates on which people are in the building beside these hours, or although it is closed."""
    ventilation: ClockHours | None = None
    """When fans run on open days; the opening hours where absent."""


class Setback(Document):
    """The fixed plan of today, and the safe state: warm between two hours of open days, else set back.

    A set-back above the warm set-point is no error here: `limits` tells a person and a plan is made.
    """

    warm_c: Celsius = 21.0
    """Set-point in C while warm."""
    setback_c: Celsius = 16.0
    """Set-point in C at all other times."""
    warm: ClockHours
    """When it is warm on open days; dates in `also_open` are warmed as long before as the week's earliest opening."""


class Comfort(Document):
    """Limits of room temperature; `room_type` gives defaults (`comfort_profiles`), `limits` resolves contradictions."""

    room_type: RoomType | None = None
    """What most rooms are."""
    open_c: Celsius = 20.0
    """Lowest while people are there."""
    closed_c: Celsius = 15.0
    """Lowest while nobody is."""
    highest_c: Celsius = MOST_WORKING_C
    """Rooms are not heated beyond it."""
    highest_set_point_c: Celsius | None = None
    """A cap on set-points, such as a municipality's by kind of room."""
    frost_c: Annotated[float, Field(ge=5, le=12)] = 8.0
    """No set-point is below it, whoever asks: pipes."""

    @model_validator(mode="before")
    @classmethod
    def _as_the_profile(cls, given: object) -> object:
        """Fill in the profile's figures where the building has none of its own."""
        if not isinstance(given, Mapping) or given.get("room_type") not in list(RoomType):
            return given
        profile = PROFILES[RoomType(given["room_type"])]
        return {"open_c": profile.open_c, "highest_set_point_c": profile.highest_set_point_c, **given}


class Quantity(StrEnum):
    """What a meter's numbers are."""

    #: The amount used since the reading before.
    INTERVAL = "interval"
    #: A counter that only rises, until it rolls over or the meter is exchanged.
    CUMULATIVE = "cumulative"
    #: The mean power since the reading before.
    POWER = "power"


class MeterUnit(StrEnum):
    """Units in which heat meters and gas meters write."""

    KWH = "kWh"
    WH = "Wh"
    MWH = "MWh"
    GJ = "GJ"
    #: Cubic metres of gas; needs `kwh_per_m3`.
    GAS_M3 = "m3"
    #: Mean power.
    W = "W"
    KW = "kW"


class StampConvention(StrEnum):
    """Which edge of its interval a reading's stamp is."""

    END = "end"
    START = "start"


class Meter(Document):
    """How the building's heat meter writes."""

    quantity: Quantity = Quantity.INTERVAL
    """What the numbers are: interval (used since the reading before), cumulative (a counter) or power (its mean)."""
    unit: MeterUnit = MeterUnit.KWH
    """Of the numbers."""
    stamp: StampConvention = StampConvention.END
    """Which edge of its interval a reading's stamp is."""
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "UTC"
    """Of stamps that carry no offset of their own."""
    kwh_per_m3: Annotated[float, Field(gt=0)] | None = None
    """Upper calorific value of the gas, from the supplier's bill; for `m3` alone."""
    rolls_over_at: Annotated[float, Field(gt=0)] | None = None
    """Where a counter begins again at 0, in its own unit; for `cumulative` alone."""

    @model_validator(mode="after")
    def _gas_has_a_calorific_value(self) -> Self:
        if (self.unit is MeterUnit.GAS_M3) != (self.kwh_per_m3 is not None):
            raise ValueError("kwh_per_m3 belongs to the unit m3, and m3 needs it")
        return self


class Location(Document):
    """Where the building stands (WGS 84): chooses its weather forecast."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    """Degrees north."""
    longitude: Annotated[float, Field(ge=-180, le=180)]
    """Degrees east."""


class Delivery(Document):
    """Who gets the building's plans."""

    email: tuple[Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=254)], ...] = ()
    """Addresses, each of which gets every new plan as a message, once."""
    folder: bool = False
    """Whether every new plan is also written into the operator's folder for a building-management system."""


class BuildingDescription(Document):
    """One building with everything its plan needs except readings, weather and prices."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    """Begins with a letter or digit, then letters, digits, dots, dashes and underscores, at most 64. Never changes."""
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """As people call it."""
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Europe/Copenhagen"
    """IANA name; opening hours, setback and plans are in this local time."""
    language: Literal["da", "en"] = "da"
    """Of the calendar file and the table's reasons."""
    type: Annotated[str, Field(max_length=64)] = "other"
    """Such as school, office, kindergarten: a subgroup in evaluations and energy accounts."""
    area_m2: Annotated[float, Field(gt=0)] | None = None
    """Heated floor area, for the energy account."""
    location: Location | None = None
    """Where it stands; without it no weather forecast can be fetched for it."""
    meter: Meter = Meter()
    """How the heat meter writes."""
    calendar: Calendar
    """When people are in the building."""
    setback: Setback
    """The fixed plan of today."""
    comfort: Comfort = Comfort()
    """Limits of room temperature."""
    plant: HeatingPlant = HeatingPlant()
    """What makes or brings the heat."""
    tariff: Tariff
    """What heat costs."""
    emission: Emission
    """What heat emits."""
    delivery: Delivery = Delivery()
    """Who gets the plans."""
    verification: Verification | None = None
    """Weeks under fixed setback by lot, for a saving that can be measured; none without it."""

    @property
    def zone(self) -> ZoneInfo:
        """The building's time zone."""
        return ZoneInfo(self.time_zone)
