"""What a facility manager, or the system that acts for one, sends."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from samdrift_energy_forecast import hours

ObjectReference = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Reference of a stored object")]
Celsius = Annotated[float, Field(ge=0, le=35)]


def _whole_hour(clock: time) -> time:
    if clock.minute or clock.second or clock.microsecond:
        raise ValueError(f"{clock.isoformat()} is not a whole hour; plans are hourly")
    return clock


def _on_the_hour(instant: AwareDatetime) -> AwareDatetime:
    hours.beginning_at(instant)
    return instant


def _known_time_zone(name: str) -> str:
    if name not in available_timezones():
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


class Building(Document):
    """One building with everything its plan needs."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Europe/Copenhagen"
    language: Literal["da", "en"] = "da"
    """Of the calendar file and the table's reasons."""
    readings: ObjectReference
    """CSV or Parquet: `stamp` (UTC, end of the hour), `heat_kwh`, and where rooms are measured `indoor_c` (mean) and
    `coldest_room_c`."""
    weather_observed: ObjectReference
    """CSV or Parquet: `stamp`, `temperature_c`, `global_radiation_w_m2`."""
    weather_forecast: ObjectReference
    """As observed, with the column `issued`: when the forecast was made (UTC)."""
    calendar: Calendar
    setback: Setback
    comfort: Comfort = Comfort()
    tariff: Tariff
    emission: Emission

    @property
    def zone(self) -> ZoneInfo:
        """The building's time zone."""
        return ZoneInfo(self.time_zone)


def _example() -> dict[str, Any]:
    weekdays = [day.value for day in Weekday][:5]
    return {
        "issue_time": "2026-02-01T23:00:00Z",
        "buildings": [
            {
                "id": "school-1",
                "name": "Skolen ved Søen",
                "readings": "sha256:" + "1" * 64,
                "weather_observed": "sha256:" + "2" * 64,
                "weather_forecast": "sha256:" + "3" * 64,
                "calendar": {
                    "opening": {day: {"begins": "08:00", "ends": "16:00"} for day in weekdays},
                    "closed": ["2026-02-09", "2026-02-10", "2026-02-11", "2026-02-12", "2026-02-13"],
                    "ventilation": {"begins": "06:00", "ends": "21:00"},
                },
                "setback": {"warm_c": 21.0, "setback_c": 16.0, "warm": {"begins": "06:00", "ends": "17:00"}},
                "tariff": {"price_per_kwh": 0.62},
                "emission": {
                    "kg_co2_per_kwh": 0.034,
                    "year": 2021,
                    "method": "HOFOR, environmental declaration, 200 % method",
                },
            }
        ],
    }


class Submission(Document):
    """Buildings that want a plan for the 48 hours that begin at `issue_time`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_example()]})

    issue_time: Annotated[AwareDatetime, AfterValidator(_on_the_hour)]
    buildings: Annotated[tuple[Building, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_building_once(self) -> Self:
        ids = [building.id for building in self.buildings]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands more than once among the buildings")
        return self
