"""A building as its owner describes it: everything that does not change from plan to plan. One TOML file each."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Celsius = Annotated[float, Field(ge=0, le=35)]


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


WholeHour = Annotated[time, AfterValidator(_whole_hour)]


class Document(BaseModel):
    """Refuses fields it does not know, so that a misspelt limit is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    ends: WholeHour

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError(f"hours end at {self.ends} but begin at {self.begins}")
        return self


class Calendar(Document):
    """When people are in the building, in its own local time."""

    opening: Annotated[dict[Weekday, ClockHours], Field(min_length=1)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "DK"
    """ISO 3166 code; its public holidays are closed days."""
    closed: tuple[date, ...] = ()
    """Further closed days, such as the municipality's school holidays."""
    ventilation: ClockHours | None = None
    """When fans run on open days; the opening hours where absent."""


class Setback(Document):
    """The fixed plan of today, and the safe state: warm between two hours of open days, else set back."""

    warm_c: Celsius = 21.0
    setback_c: Celsius = 16.0
    warm: ClockHours

    @model_validator(mode="after")
    def _warmer_when_warm(self) -> Self:
        if self.setback_c > self.warm_c:
            raise ValueError(f"setback_c {self.setback_c} is above warm_c {self.warm_c}")
        return self


class Comfort(Document):
    """Lowest room temperatures. The Danish Working Environment Authority: 20-22 C for seated work, never below 18 C."""

    open_c: Celsius = 20.0
    closed_c: Celsius = 15.0


class Tariff(Document):
    """What heat costs."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "DKK"
    price_per_kwh: Annotated[float, Field(ge=0)]
    peak_price_per_kw: Annotated[float, Field(ge=0)] = 0.0
    """For the highest hour of the plan."""


class Emission(Document):
    """What heat emits, flat over time. A factor without its year and method cannot be judged."""

    kg_co2_per_kwh: Annotated[float, Field(ge=0)]
    year: Annotated[int, Field(ge=2000, le=2100)]
    method: Annotated[str, Field(min_length=1)]


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
    unit: MeterUnit = MeterUnit.KWH
    stamp: StampConvention = StampConvention.END
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
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Delivery(Document):
    """Who gets the building's plans."""

    email: tuple[Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=254)], ...] = ()


class BuildingDescription(Document):
    """One building with everything its plan needs except readings, weather and prices."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Europe/Copenhagen"
    language: Literal["da", "en"] = "da"
    """Of the calendar file and the table's reasons."""
    type: Annotated[str, Field(max_length=64)] = "other"
    """Such as school, office, kindergarten: a subgroup in evaluations and energy accounts."""
    area_m2: Annotated[float, Field(gt=0)] | None = None
    """Heated floor area, for the energy account."""
    location: Location | None = None
    meter: Meter = Meter()
    calendar: Calendar
    setback: Setback
    comfort: Comfort = Comfort()
    tariff: Tariff
    emission: Emission
    delivery: Delivery = Delivery()

    @property
    def zone(self) -> ZoneInfo:
        """The building's time zone."""
        return ZoneInfo(self.time_zone)
