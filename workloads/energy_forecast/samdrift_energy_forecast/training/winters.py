"""Simulated winters: the buildings that the family model learns from, and those that it is judged on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import Calendar, ClockHours, Emission, Setback, Tariff, Weekday
from samdrift_energy_forecast.emulator import Experiment, Simulated, simulate_side_by_side
from samdrift_energy_forecast.emulator.weather_file import weather_hours
from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.submission import Building
from samdrift_energy_forecast.surroundings.operation import Operation, operation
from samdrift_energy_forecast.surroundings.weather import Weather

#: Twenty weeks of standard time from a Monday: the emulator's clock knows no summer time.
FIRST_DAY, DAYS = date(2025, 11, 3), 140
SATURDAY = 5
NO_OBJECT = "sha256:" + "0" * 64


@dataclass(frozen=True, kw_only=True)
class Winter:
    """One building's winter under one weather file and one fixed setback plan."""

    #: Short names of `pyenergyplus.dataset`.
    building: str
    weather: str
    #: Hours of the warm set-point, local.
    begins: int = 6
    ends: int = 17
    warm_c: float = 21.0
    setback_c: float = 16.0

    @property
    def name(self) -> str:
        """Unique among winters, fit for a file."""
        return f"{self.building}-{self.weather}-{self.begins:02d}-{self.ends:02d}-{self.warm_c:g}-{self.setback_c:g}"

    @cached_property
    def document(self) -> Building:
        """The building as a submission would describe it; open weekdays 08-16, fans 06-21 as in the schools."""
        opening = {day: (ClockHours(begins=time(8), ends=time(16)),) for day in list(Weekday)[:5]}
        warm = ClockHours(begins=time(self.begins), ends=time(self.ends))
        return Building(
            id=self.building,
            name=self.name,
            readings=NO_OBJECT,
            weather_observed=NO_OBJECT,
            weather_forecast=NO_OBJECT,
            calendar=Calendar(opening=opening, ventilation=ClockHours(begins=time(6), ends=time(21))),
            setback=Setback(warm_c=self.warm_c, setback_c=self.setback_c, warm=warm),
            tariff=Tariff(price_per_kwh=0.0),
            emission=Emission(kg_co2_per_kwh=0.0, year=2026, method="not used"),
        )

    @property
    def first_hour(self) -> int:
        """The hour in which the winter begins."""
        return hours.beginning_at(datetime.combine(FIRST_DAY, time(), self.document.zone))

    @cached_property
    def operation(self) -> Operation:
        """Weather and calendar of all its hours; the weather is the file's own, without forecast error."""
        known = weather_hours(self.weather, FIRST_DAY, DAYS)
        weather = Weather(
            first=self.first_hour,
            temperature_c=np.array(known.temperature_c),
            global_radiation_w_m2=np.array(known.global_radiation_w_m2),
        )
        return operation(weather, BuildingCalendar(self.document))

    def experiment(self) -> Experiment:
        """What the emulator is asked: the fixed setback plan all winter."""
        calendar = BuildingCalendar(self.document)
        weekdays = [day for day in (FIRST_DAY + timedelta(days=k) for k in range(DAYS)) if day.weekday() < SATURDAY]
        return Experiment(
            building=self.building,
            weather=self.weather,
            first_day=FIRST_DAY,
            set_points_c=tuple(calendar.setback_c(self.first_hour, DAYS * hours.DAY).tolist()),
            holidays=tuple(day for day in weekdays if calendar.opening_of(day) is None),
        )

    def readings(self, simulated: Simulated) -> Readings:
        """What the emulator's meters and sensors showed."""
        return Readings(
            first=self.first_hour,
            heat_kwh=np.array(simulated.heat_kwh),
            indoor_c=np.array(simulated.indoor_c),
            coldest_room_c=np.array(simulated.coldest_room_c),
        )


#: The family: no primary school among them, and neither Chicago's nor Urbana's weather.
FAMILY = (
    Winter(building="secondary_school", weather="usa_co_denver"),
    Winter(building="secondary_school", weather="usa_va_sterling", begins=5, ends=18, setback_c=15.0),
    Winter(building="medium_office", weather="usa_nj_newark"),
    Winter(building="medium_office", weather="usa_co_boulder", begins=5, ends=18),
    Winter(building="small_office", weather="usa_co_denver", begins=7, warm_c=20.5),
    Winter(building="small_office", weather="usa_nj_newark"),
)
#: Held out: another building, and weather files that the family has not seen. Chicago is kept for the demonstration;
#: Urbana and Colorado Springs served while the features were chosen, so they are not judged on either.
HELD_OUT = (
    Winter(building="primary_school", weather="usa_co_golden"),
    Winter(building="primary_school", weather="usa_ok_oklahoma"),
)


def simulate_winters(winters: Iterable[Winter], folder: Path) -> dict[Winter, Readings]:
    """Readings of every winter; what is already in `folder` is not simulated again."""
    chosen = tuple(winters)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [winter for winter in chosen if not _file(folder, winter).exists()]
    for winter, simulated in zip(missing, simulate_side_by_side([w.experiment() for w in missing]), strict=True):
        _file(folder, winter).write_text(simulated.to_json())
    return {winter: winter.readings(Simulated.from_json(_file(folder, winter).read_text())) for winter in chosen}


def _file(folder: Path, winter: Winter) -> Path:
    return folder / f"{winter.name}.json"
