"""A reference building made ready for one experiment: an epJSON document."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samdrift_energy_forecast.emulator.experiment import Experiment

EpJson = dict[str, dict[str, dict[str, Any]]]

#: Outputs that the reference buildings ask for and nobody here reads: they cost time and files.
UNREAD_OUTPUTS = (
    "Output:SQLite",
    "Output:Surfaces:Drawing",
    "Output:Surfaces:List",
    "Output:Constructions",
    "Output:Variable",
    "Output:Meter",
)
OPERATIVE_TEMPERATURE = "Zone Operative Temperature"
OUTDOOR_TEMPERATURE = "Site Outdoor Air Drybulb Temperature"
HEAT_METERS = ("Heating:NaturalGas", "Heating:Electricity")


def prepare(model: EpJson, experiment: Experiment) -> EpJson:
    """Return `model` with the experiment's run period and only the outputs that are read.

    The plant stays sized on the building's own (Chicago) design days, whatever the weather file.
    """
    kept = {kind: objects for kind, objects in model.items() if not _is_unread(kind)}
    control = next(iter(kept["SimulationControl"].values()))
    control["run_simulation_for_sizing_periods"] = "No"
    control["run_simulation_for_weather_file_run_periods"] = "Yes"
    kept["RunPeriod"] = {"Experiment": _run_period(experiment)}
    # The models carry American public holidays and summer time, which would move people and fans against our calendar.
    kept.pop("RunPeriodControl:DaylightSavingTime", None)
    kept["RunPeriodControl:SpecialDays"] = {f"Holiday {day}": _special_day(day) for day in experiment.holidays}
    kept["Output:Variable"] = {
        f"Variable {name}": {"key_value": "*", "variable_name": name, "reporting_frequency": "Timestep"}
        for name in (OPERATIVE_TEMPERATURE, OUTDOOR_TEMPERATURE)
    }
    kept["Output:Meter"] = {
        f"Meter {name}": {"key_name": name, "reporting_frequency": "Timestep"} for name in HEAT_METERS
    }
    return kept


def controlled_zones(model: EpJson, schedule: str) -> tuple[str, ...]:
    """Names of the zones whose heating set-point is `schedule`.

    In the schools the bath, corridor, plant-room and kitchen zones follow another schedule, at 16 C all day.
    """
    set_points = model["ThermostatSetpoint:DualSetpoint"]
    driven = {
        name for name, limits in set_points.items() if limits["heating_setpoint_temperature_schedule_name"] == schedule
    }
    thermostats = model["ZoneControl:Thermostat"].values()
    return tuple(
        sorted(
            thermostat["zone_or_zonelist_name"]
            for thermostat in thermostats
            if thermostat["control_1_name"] in driven and thermostat["zone_or_zonelist_name"] in model["Zone"]
        )
    )


def steps_per_hour(model: EpJson) -> int:
    """Zone time steps in an hour."""
    return int(next(iter(model["Timestep"].values()))["number_of_timesteps_per_hour"])


def _is_unread(kind: str) -> bool:
    return kind in UNREAD_OUTPUTS or kind.startswith("Output:Table")


def _special_day(day: date) -> dict[str, Any]:
    return {"start_date": f"{day.month}/{day.day}", "duration": 1, "special_day_type": "Holiday"}


def _run_period(experiment: Experiment) -> dict[str, Any]:
    first, last = experiment.first_day, experiment.first_day + timedelta(days=experiment.days - 1)
    return {
        "begin_month": first.month,
        "begin_day_of_month": first.day,
        "begin_year": first.year,
        "end_month": last.month,
        "end_day_of_month": last.day,
        "end_year": last.year,
        "use_weather_file_daylight_saving_period": "No",
        "use_weather_file_holidays_and_special_days": "No",
        "apply_weekend_holiday_rule": "No",
    }
