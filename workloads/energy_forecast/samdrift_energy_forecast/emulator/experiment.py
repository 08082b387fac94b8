"""What is asked of the emulator, and what it answers: plain values that travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

HOURS_A_DAY = 24
#: Room sensors of the emulated building show their temperature this often in an hour.
READINGS_PER_HOUR = 4


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One building under one weather file, with a heating set-point for every hour, or for every part of an hour."""

    #: Short name of a reference building in `pyenergyplus.dataset.ref_models`.
    building: str
    #: Short name of a weather file in `pyenergyplus.dataset.weather_files`.
    weather: str
    #: First day, from local midnight; its year decides the weekdays.
    first_day: date
    #: Set-points in C, whole days; shape `(24 * changes_per_hour * days,)`.
    set_points_c: tuple[float, ...]
    #: How often in an hour the set-point may change. A step of EnergyPlus takes the one in force at its beginning.
    changes_per_hour: int = 1
    #: Days on which the building's people and fans follow its holiday schedules. American holidays are not kept.
    holidays: tuple[date, ...] = ()
    #: Operative temperature below which a zone counts as cold, in C.
    comfort_c: float = 20.0
    #: The heating schedule that is driven. Zones on other schedules are left alone and are not scored.
    schedule: str = "HTGSETP_SCH"

    def __post_init__(self) -> None:
        """Refuse a part of a day: the clock is counted in steps from midnight."""
        if not self.set_points_c or len(self.set_points_c) % self.changes_per_day:
            raise ValueError(
                f"{len(self.set_points_c)} set-points are not whole days; give {self.changes_per_day} for each day"
            )

    @property
    def changes_per_day(self) -> int:
        """Number of set-points that make a day."""
        return HOURS_A_DAY * self.changes_per_hour

    @property
    def days(self) -> int:
        """Number of days simulated."""
        return len(self.set_points_c) // self.changes_per_day

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
    """What the building did, hour by hour; a series has one value an hour and shape `(24 * days,)` if not said else."""

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
    #: Operative temperature of each controlled zone at the END of each quarter-hour, C; shape `(96 * days,)`.
    room_quarters_c: dict[str, tuple[float, ...]]
    #: Severe errors that EnergyPlus counted.
    severe_errors: int

    def to_json(self) -> str:
        """As the emulator's process writes it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Simulated:
        """The inverse of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{name: _frozen(value) for name, value in fields.items()})


def _frozen(value: Any) -> Any:
    """Lists, also within a dictionary of zones, as tuples."""
    if isinstance(value, dict):
        return {zone: tuple(values) for zone, values in value.items()}
    return tuple(value) if isinstance(value, list) else value
