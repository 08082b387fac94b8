"""A house of our own making, simulated here by other code than the package's, and what a submission needs of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import samdrift_energy_forecast
from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.metering.readings import Readings, read_meters
from samdrift_energy_forecast.submission import Building, Submission
from samdrift_energy_forecast.surroundings.operation import Operation, operation
from samdrift_energy_forecast.surroundings.weather import weather_as_known
from samdrift_energy_forecast.workload import MODEL
from samdrift_platform.checks import MemoryStore
from samdrift_registry.verified import VerifiedModel

#: Monday 5 January 2026, midnight in Copenhagen, and three weeks of readings.
BEGINS = datetime(2026, 1, 4, 23, tzinfo=UTC)
HISTORY_H = 21 * 24
ISSUE_TIME = BEGINS + timedelta(hours=HISTORY_H)


@dataclass(frozen=True)
class House:
    """Capacity 20 kWh/K, loss 0.5 kW/K, plant 30 kW: cools from 21 C at 0 C outdoors by half a degree an hour."""

    capacity: float = 20.0
    loss: float = 0.5
    plant: float = 30.0

    def outdoor(self, k: int) -> float:
        return 1.0 + 4.0 * math.sin(2 * math.pi * (k - 9) / 24) + 3.0 * math.sin(k / 17) + 3.0 * math.sin(k / 41)

    def set_point(self, k: int) -> float:
        local = (BEGINS + timedelta(hours=k + 1)).replace(tzinfo=None)  # Copenhagen in winter
        return 21.0 if local.weekday() < 5 and 6 <= local.hour < 17 else 16.0

    def run(self, count: int) -> list[tuple[float, float]]:
        """Heat (kWh) and room temperature (C) of each hour: implicit Euler, thermostat, no gains."""
        room, told = 18.0, []
        for k in range(count):
            wanted = self.capacity * (self.set_point(k) - room) + self.loss * (self.set_point(k) - self.outdoor(k))
            heat = min(max(wanted, 0.0), self.plant)
            room = (self.capacity * room + self.loss * self.outdoor(k) + heat) / (self.capacity + self.loss)
            told.append((heat, room))
        return told


def stamp(k: int) -> str:
    return (BEGINS + timedelta(hours=k + 1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


@pytest.fixture(scope="session")
def meter_csv() -> bytes:
    told = House().run(HISTORY_H)
    return lines(
        "stamp,heat_kwh,indoor_c,coldest_room_c",
        [f"{stamp(k)},{heat:.4f},{room:.4f},{room - 0.5:.4f}" for k, (heat, room) in enumerate(told)],
    )


@pytest.fixture(scope="session")
def observed_csv() -> bytes:
    rows = [f"{stamp(k)},{House().outdoor(k):.4f},0" for k in range(HISTORY_H)]
    return lines("stamp,temperature_c,global_radiation_w_m2", rows)


@pytest.fixture(scope="session")
def forecast_csv() -> bytes:
    issued = stamp(HISTORY_H - 1)
    future = range(HISTORY_H, HISTORY_H + HORIZON_H)
    rows = [f"{issued},{stamp(k)},{House().outdoor(k):.4f},0" for k in future]
    return lines("issued,stamp,temperature_c,global_radiation_w_m2", rows)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def shown() -> dict[str, Any]:
    """The example in the API's description, to copy."""
    example: dict[str, Any] = Submission.model_json_schema()["examples"][0]
    return example


@pytest.fixture
def document(
    shown: dict[str, Any], store: MemoryStore, meter_csv: bytes, observed_csv: bytes, forecast_csv: bytes
) -> dict[str, Any]:
    """The house's submission; its objects are in `store`."""
    example = deepcopy(shown)
    building = example["buildings"][0] | {
        "readings": store.put(meter_csv),
        "weather_observed": store.put(observed_csv),
        "weather_forecast": store.put(forecast_csv),
    }
    building["calendar"] = building["calendar"] | {"ventilation": None, "closed": []}
    return {"issue_time": ISSUE_TIME.isoformat(), "buildings": [building]}


@pytest.fixture
def building(document: dict[str, Any]) -> Building:
    return Submission.model_validate(document).buildings[0]


@pytest.fixture(scope="session")
def issue() -> int:
    return hours.beginning_at(ISSUE_TIME)


@pytest.fixture
def readings(meter_csv: bytes, issue: int) -> Readings:
    return read_meters(meter_csv, issue)


@pytest.fixture
def surroundings(building: Building, observed_csv: bytes, forecast_csv: bytes, issue: int) -> Operation:
    """History and horizon of the house."""
    known = weather_as_known(observed_csv, forecast_csv, first=issue - HISTORY_H, issue=issue, horizon=HORIZON_H)
    return operation(known, BuildingCalendar(building))


@pytest.fixture(scope="session")
def verified() -> VerifiedModel:
    folder = Path(samdrift_energy_forecast.__file__).parent / "shipped" / MODEL
    return VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=folder)


@pytest.fixture(scope="session")
def family(verified: VerifiedModel) -> FamilyModel:
    return FamilyModel.load(verified.folder)


@pytest.fixture
def calendar_of(building: Building) -> Callable[..., BuildingCalendar]:
    """A calendar of the house with some of the calendar's fields changed."""

    def changed(**fields: Any) -> BuildingCalendar:
        return BuildingCalendar(building.model_copy(update={"calendar": building.calendar.model_copy(update=fields)}))

    return changed
