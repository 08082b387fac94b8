"""What is ordered: plans for buildings, with what was known of them when the order was made."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, model_validator

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_energy_forecast.building.description import BuildingDescription, Celsius, Document, Weekday

ObjectReference = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Reference of a stored object")]


def _on_the_hour(instant: AwareDatetime) -> AwareDatetime:
    hours.beginning_at(instant)
    return instant


class Override(Document):
    """A person's set-point in place of the plan's, until it expires."""

    set_point_c: Celsius
    begins: AwareDatetime
    expires: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    set_by: Annotated[str, Field(min_length=1, max_length=200)]
    """Who did it, as signed in."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.expires <= self.begins:
            raise ValueError(f"the override expires at {self.expires} but begins at {self.begins}")
        return self


class Building(BuildingDescription):
    """One building with everything its plan needs."""

    readings: ObjectReference
    """CSV or Parquet: `stamp` (with its offset, end of the interval), `heat_kwh`, and where rooms are measured
    `indoor_c` (mean) and `coldest_room_c`, and `room:NAME` for each room that has a sensor of its own. With `heat` in
    place of `heat_kwh`: as the building's `meter` writes."""
    weather_observed: ObjectReference
    """CSV or Parquet: `stamp`, `temperature_c`, `global_radiation_w_m2`."""
    weather_forecast: ObjectReference
    """As observed, with the column `issued`: when the forecast was made (UTC)."""
    signals: ObjectReference | None = None
    """CSV or Parquet: `issued`, `stamp` (end of the hour), and of `price_per_kwh` and `kg_co2_per_kwh` at least one:
    what a kWh bought costs and emits in that hour, as known when issued; the flat figures apply where absent."""
    previous_plan: ObjectReference | None = None
    """The plan made before this one: it goes on where no new one can be made."""
    overrides: tuple[Override, ...] = ()


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
    buildings: tuple[Building, ...] = ()
    accounts: tuple[AccountedBuilding, ...] = ()
    """Buildings whose measured savings go to the benefit ledger; readings after `issue_time` are not looked at."""

    @model_validator(mode="after")
    def _something_is_ordered(self) -> Self:
        if not (self.buildings or self.accounts):
            raise ValueError("name at least one building, under `buildings` for a plan or `accounts` for its savings")
        return self

    @model_validator(mode="after")
    def _each_building_once(self) -> Self:
        ids = [building.id for building in self.buildings]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands more than once among the buildings")
        return self
