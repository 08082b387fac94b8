from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from samdrift_energy_forecast.emulator import Experiment, Simulated, school
from samdrift_energy_forecast.emulator.playback import score
from samdrift_energy_forecast.emulator.reference_building import EpJson, controlled_zones, prepare, steps_per_hour
from samdrift_energy_forecast.emulator.weather_file import weather_hours
from samdrift_energy_forecast.training.winters import FAMILY, HELD_OUT

EXPERIMENT = Experiment(
    building="small_office",
    weather="usa_il_chicago",
    first_day=date(2026, 1, 30),
    set_points_c=(21.0,) * 72,
    holidays=(date(2026, 2, 1),),
)


@pytest.fixture
def model() -> EpJson:
    """As much of a reference building as is touched."""
    set_point = {"heating_setpoint_temperature_schedule_name": "HTGSETP_SCH"}
    other = {"heating_setpoint_temperature_schedule_name": "HTGSETP_SCH_Bath"}
    return {
        "SimulationControl": {"S": {"run_simulation_for_sizing_periods": "Yes", "do_zone_sizing_calculation": "Yes"}},
        "RunPeriod": {"Annual": {"begin_month": 1}},
        "RunPeriodControl:SpecialDays": {"Labor Day": {"start_date": "1st Monday in September"}},
        "RunPeriodControl:DaylightSavingTime": {"D": {"start_date": "2nd Sunday in March"}},
        "Output:Table:Monthly": {"T": {}},
        "Output:Meter": {"M": {}},
        "Timestep": {"T": {"number_of_timesteps_per_hour": 6}},
        "Zone": {"Class": {}, "Bath": {}},
        "ThermostatSetpoint:DualSetpoint": {"Dual": set_point, "Dual Bath": other},
        "ZoneControl:Thermostat": {
            "A": {"zone_or_zonelist_name": "Class", "control_1_name": "Dual"},
            "B": {"zone_or_zonelist_name": "Bath", "control_1_name": "Dual Bath"},
            "C": {"zone_or_zonelist_name": "No such zone", "control_1_name": "Dual"},
        },
    }


def test_the_run_period_is_the_experiments_days_across_a_month(model: EpJson) -> None:
    (period,) = prepare(model, EXPERIMENT)["RunPeriod"].values()
    assert (period["begin_month"], period["begin_day_of_month"], period["begin_year"]) == (1, 30, 2026)
    assert (period["end_month"], period["end_day_of_month"], period["end_year"]) == (2, 1, 2026)


def test_sizing_stays_and_design_days_go(model: EpJson) -> None:
    (control,) = prepare(model, EXPERIMENT)["SimulationControl"].values()
    assert control["run_simulation_for_sizing_periods"] == "No"
    assert control["run_simulation_for_weather_file_run_periods"] == "Yes"
    assert control["do_zone_sizing_calculation"] == "Yes"


def test_american_holidays_and_summer_time_give_way_to_the_experiments_days(model: EpJson) -> None:
    prepared = prepare(model, EXPERIMENT)
    (holiday,) = prepared["RunPeriodControl:SpecialDays"].values()
    assert holiday["start_date"] == "2/1"
    assert "RunPeriodControl:DaylightSavingTime" not in prepared


def test_only_what_is_read_is_put_out(model: EpJson) -> None:
    prepared = prepare(model, EXPERIMENT)
    assert not [kind for kind in prepared if kind.startswith("Output:Table")]
    assert {meter["key_name"] for meter in prepared["Output:Meter"].values()} == {
        "Heating:NaturalGas",
        "Heating:Electricity",
    }


def test_zones_on_another_schedule_are_not_controlled(model: EpJson) -> None:
    assert controlled_zones(model, "HTGSETP_SCH") == ("Class",)
    assert steps_per_hour(model) == 6


def test_experiments_and_answers_travel_as_json() -> None:
    assert Experiment.from_json(EXPERIMENT.to_json()) == EXPERIMENT
    answer = Simulated(
        heat_kwh=(1.0,),
        indoor_c=(20.0,),
        coldest_room_c=(19.0,),
        outdoor_c=(-3.0,),
        cold_kelvin_hours={"A": (1.0,)},
        room_quarters_c={"A": (20.0,) * 4},
        severe_errors=0,
    )
    assert Simulated.from_json(answer.to_json()) == answer


def test_a_part_of_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="25 set-points are not whole days"):
        Experiment(building="b", weather="w", first_day=date(2026, 1, 5), set_points_c=(20.0,) * 25)


def test_weather_hours_are_means_between_readings_also_across_new_year() -> None:
    whole = weather_hours("usa_il_chicago", date(2025, 12, 31), 2)
    second = weather_hours("usa_il_chicago", date(2026, 1, 1), 1)
    assert len(whole.temperature_c) == 48
    assert whole.temperature_c[24:] == second.temperature_c
    assert whole.global_radiation_w_m2[24:] == second.global_radiation_w_m2


def test_cold_is_counted_in_open_hours_of_the_window_alone() -> None:
    hours = 72
    run = Simulated(
        heat_kwh=tuple(float(k) for k in range(hours)),
        indoor_c=(20.0,) * hours,
        coldest_room_c=(19.0,) * hours,
        outdoor_c=(0.0,) * hours,
        cold_kelvin_hours={"A": (1.0,) * hours, "B": (0.0,) * hours},
        room_quarters_c={},
        severe_errors=0,
    )
    is_open = np.arange(hours) % 24 == 10
    found = score(run, is_open, 24, 48)
    assert found.heat_kwh == sum(range(24, 72))
    assert found.zone_cold_kh.tolist() == [2.0, 0.0]
    assert found.cold_kh == 1.0
    colder = score(run, np.roll(is_open, 0) | (np.arange(hours) == 30), 24, 48)
    assert found.as_comfortable_as(colder)
    assert not colder.as_comfortable_as(found)


def test_the_demonstrations_weather_and_building_are_in_no_training_set() -> None:
    for winter in (*FAMILY, *HELD_OUT):
        assert winter.weather != school.WEATHER
    assert school.BUILDING not in {winter.building for winter in FAMILY}
    assert not {winter.weather for winter in FAMILY} & {winter.weather for winter in HELD_OUT}


def test_a_playback_differs_from_fixed_setback_only_where_planned() -> None:
    planned = {school.issue_time().astimezone(): 12.5}
    fixed, changed = school.playback().set_points_c, school.playback(planned).set_points_c
    different = [k for k, (a, b) in enumerate(zip(fixed, changed, strict=True)) if a != b]
    assert different == [school.RUN_IN_DAYS * 96]
    assert changed[different[0]] == 12.5


def test_the_forecast_errors_are_modest_and_always_the_same() -> None:
    errors = school.forecast_errors_k(48)
    assert errors == school.forecast_errors_k(48)
    assert 0.1 < float(np.std(errors)) < 3.0
