"""What is asked of the emulator, and what it answers: plain values that travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

HOURS_A_DAY = 24


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One building under one weather file, with a heating set-point for every hour."""

    #: Short name of a reference building in `pyenergyplus.dataset.ref_models`.
    building: str
    #: Short name of a weather file in `pyenergyplus.dataset.weather_files`.
    weather: str
    #: First day, from local midnight; its year decides the weekdays.
    first_day: date
    #: Set-points in C, one an hour, whole days; shape `(24 * days,)`.
    set_points_c: tuple[float, ...]
    #: Days on which the building's people and fans follow its holiday schedules. American holidays are not kept.
    holidays: tuple[date, ...] = ()
    #: Operative temperature below which a zone counts as cold, in C.
    comfort_c: float = 20.0
    #: The heating schedule that is driven. Zones on other schedules are left alone and are not scored.
    schedule: str = "HTGSETP_SCH"

    def __post_init__(self) -> None:
        """Refuse a part of a day: the clock is counted in steps from midnight."""
        if not self.set_points_c or len(self.set_points_c) % HOURS_A_DAY:
            raise ValueError(f"{len(self.set_points_c)} set-points are not whole days; give 24 for each day")

    @property
    def days(self) -> int:
        """Number of days simulated."""
        return len(self.set_points_c) // HOURS_A_DAY

    def to_json(self) -> str:
        """As the emulator's process reads it."""
        days = {"first_day": self.first_day.isoformat(), "holidays": [day.isoformat() for day in self.holidays]}
        return json.dumps(asdict(self) | days)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """The inverse of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        fields["first_day"] = date.fromisoformat(fields["first_day"])
        fields["holidays"] = tuple(date.fromisoformat(day) for day in fields["holidays"])
        fields["set_points_c"] = tuple(fields["set_points_c"])
        return cls(**fields)


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What the building did, hour by hour; every series has one value an hour and shape `(24 * days,)`."""

    #: Heat: gas and electricity of `Heating:*` meters at the burner, kWh an hour.
    heat_kwh: tuple[float, ...]
    #: Mean operative temperature of the controlled zones, C, mean of the hour.
    indoor_c: tuple[float, ...]
    #: Operative temperature of the controlled zone that is coldest in the hour, C, mean of the hour.
    coldest_room_c: tuple[float, ...]
    #: Outdoor dry-bulb temperature, C, mean of the hour.
    outdoor_c: tuple[float, ...]
    #: Kelvin-hours below `comfort_c` (operative temperature) of each controlled zone, whether anyone is there or not.
    cold_kelvin_hours: dict[str, tuple[float, ...]]
    #: Severe errors that EnergyPlus counted.
    severe_errors: int

    def to_json(self) -> str:
        """As the emulator's process writes it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Simulated:
        """The inverse of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        zones = {zone: tuple(hours) for zone, hours in fields.pop("cold_kelvin_hours").items()}
        severe_errors = fields.pop("severe_errors")
        series = {name: tuple(hours) for name, hours in fields.items()}
        return cls(**series, cold_kelvin_hours=zones, severe_errors=severe_errors)
