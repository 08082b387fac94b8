"""EnergyPlus itself, on a small office and a few days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from samdrift_energy_forecast.emulator import Experiment, simulate, simulate_controlled, simulate_side_by_side
from samdrift_energy_forecast.emulator.__main__ import main
from samdrift_energy_forecast.emulator.experiment import Simulated
from samdrift_energy_forecast.errors import EmulatorError

DAYS = 3
SETBACK = tuple(21.0 if 6 <= k % 24 < 17 else 16.0 for k in range(24 * DAYS))
OFFICE = Experiment(building="small_office", weather="usa_co_denver", first_day=date(2026, 1, 12), set_points_c=SETBACK)


def meter_total_kwh(folder: Path) -> float:
    """Both heating meters' run-period total as EnergyPlus itself reports it in eplusout.mtr."""
    lines = (folder / "eplusout.mtr").read_text().splitlines()
    dictionary = [re.match(r"(\d+),\d+,(Heating:\w+) \[J\]", line) for line in lines]
    meters = {found[1] for found in dictionary if found}
    values = [line.split(",") for line in lines]
    return sum(float(value[1]) for value in values if value[0] in meters and len(value) == 2) / 3.6e6


def test_heat_is_what_energyplus_itself_metered(tmp_path: Path) -> None:
    question, answer = tmp_path / "experiment.json", tmp_path / "simulated.json"
    question.write_text(OFFICE.to_json())
    # Run in this process once, to look at EnergyPlus's own files; everywhere else each run has a process.
    main(str(question), str(answer), str(tmp_path / "energyplus"))
    simulated = Simulated.from_json(answer.read_text())
    assert simulated.severe_errors == 0
    assert len(simulated.heat_kwh) == 24 * DAYS
    assert sum(simulated.heat_kwh) > 10
    assert sum(simulated.heat_kwh) == pytest.approx(meter_total_kwh(tmp_path / "energyplus"), rel=1e-6)


def test_the_rooms_follow_the_set_point_and_runs_repeat() -> None:
    warm = Experiment(
        building=OFFICE.building,
        weather=OFFICE.weather,
        first_day=OFFICE.first_day,
        set_points_c=(21.0,) * len(SETBACK),
    )
    setback, again, constant = simulate_side_by_side([OFFICE, OFFICE, warm])
    assert setback == again
    assert sum(setback.heat_kwh) < sum(constant.heat_kwh)
    night = np.array([k % 24 in (3, 4) for k in range(len(SETBACK))])
    assert np.array(setback.indoor_c)[night].mean() < np.array(constant.indoor_c)[night].mean() - 2
    assert len(setback.cold_kelvin_hours) == 5


def test_a_wrong_schedule_is_named() -> None:
    wrong = Experiment(
        building=OFFICE.building,
        weather=OFFICE.weather,
        first_day=OFFICE.first_day,
        set_points_c=SETBACK,
        schedule="NO_SUCH_SCHEDULE",
    )
    with pytest.raises(EmulatorError, match="small_office"):
        simulate(wrong)


@dataclass(frozen=True)
class Warmer:
    """Heats the second day through, unless told to fail; keeps nothing between days."""

    fails: bool = False

    def day_set_points_c(self, day: int, so_far: Simulated) -> Sequence[float] | None:
        if self.fails:
            raise ValueError(f"nothing planned for day {day}")
        known = next(iter(so_far.room_quarters_c.values()))
        assert len(known) == 96 * day
        return [23.0] * 96 if day == 1 else None


def quarters(experiment: Experiment) -> Experiment:
    """The same experiment with a set-point for each quarter-hour."""
    each = tuple(celsius for celsius in experiment.set_points_c for _ in range(4))
    return replace(experiment, set_points_c=each, changes_per_hour=4)


def test_a_controller_replaces_the_days_it_chooses_for_and_its_failure_comes_out() -> None:
    by_hour, by_quarter, controlled = (
        simulate(OFFICE),
        simulate(quarters(OFFICE)),
        simulate_controlled(quarters(OFFICE), Warmer()),
    )
    assert by_quarter == by_hour
    assert controlled.heat_kwh[:24] == by_hour.heat_kwh[:24]
    assert min(controlled.indoor_c[30:48]) > 21
    with pytest.raises(ValueError, match="nothing planned for day 1"):
        simulate_controlled(quarters(OFFICE), Warmer(fails=True))
