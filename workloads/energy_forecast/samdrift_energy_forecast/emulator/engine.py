"""One run of EnergyPlus in this process, with our hand on the heating set-point."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from samdrift_energy_forecast.emulator import reference_building as building
from samdrift_energy_forecast.emulator.controller import Controller
from samdrift_energy_forecast.emulator.experiment import HOURS_A_DAY, READINGS_PER_HOUR, Experiment, Simulated
from samdrift_energy_forecast.errors import EmulatorError

#: `kind_of_sim` of a run period that comes from the weather file; sizing passes have other numbers.
WEATHER_RUN = 3
JOULES_PER_KWH = 3.6e6


def run(experiment: Experiment, folder: Path, controller: Controller | None = None) -> Simulated:
    """Run `experiment`, leaving EnergyPlus's own files in `folder`. Memory grows with each run in one process.

    A `controller` is asked at the beginning of each day and may replace that day's set-points.
    """
    from pyenergyplus import dataset
    from pyenergyplus.api import EnergyPlusAPI

    api = EnergyPlusAPI()
    model = building.prepare(_convert(api, Path(dataset.ref_models[experiment.building]), folder), experiment)
    document = folder / "experiment.epJSON"
    document.write_text(json.dumps(model))
    drive = Drive(api, model, experiment, controller)
    _run_energyplus(api, ["-w", dataset.weather_files[experiment.weather], "-d", str(folder), str(document)], drive)
    return drive.simulated(_severe_errors(folder))


def _convert(api: Any, idf: Path, folder: Path) -> building.EpJson:
    _run_energyplus(api, ["--convert-only", "-d", str(folder), str(idf)])
    model: building.EpJson = json.loads((folder / f"{idf.stem}.epJSON").read_text())
    return model


def _run_energyplus(api: Any, arguments: list[str], drive: Drive | None = None) -> None:
    state = api.state_manager.new_state()
    api.runtime.set_console_output_status(state, False)
    if drive is not None:
        drive.attach(state)
    # A failure in a callback stays there: EnergyPlus's own return value does not show it.
    status = api.runtime.run_energyplus(state, arguments)
    api.state_manager.delete_state(state)
    if drive is not None and drive.failure is not None:
        raise drive.failure
    if status:
        raise EmulatorError(f"EnergyPlus ended with status {status}; read eplusout.err in {arguments[-2]}")


def _severe_errors(folder: Path) -> int:
    text = (folder / "eplusout.err").read_text(errors="replace")
    counts = re.findall(r"EnergyPlus Completed Successfully.*?(\d+) Severe", text)
    if not counts:
        raise EmulatorError(f"EnergyPlus did not complete; read {folder / 'eplusout.err'}")
    return int(counts[-1])


class Drive:
    """Sets the set-point at the beginning of each zone time step and reads the building at its end.

    Steps are counted here. The API's own clock shows the end of a step and is up to five minutes late when the plant
    takes short sub-steps, which moves a school's heat by a percent.
    """

    def __init__(
        self, api: Any, model: building.EpJson, experiment: Experiment, controller: Controller | None = None
    ) -> None:
        self._exchange, self._runtime = api.exchange, api.runtime
        self._experiment, self._controller = experiment, controller
        self._set_points_c = list(experiment.set_points_c)
        #: What the controller raised, if it did.
        self.failure: Exception | None = None
        self._zones = building.controlled_zones(model, experiment.schedule)
        self._steps_per_hour = building.steps_per_hour(model)
        self._begun = 0
        self._handles: dict[str, int] = {}
        hours = experiment.days * HOURS_A_DAY
        self._heat_kwh, self._outdoor_c = [0.0] * hours, [0.0] * hours
        self._operative_c = {zone: [0.0] * hours for zone in self._zones}
        self._cold = {zone: [0.0] * hours for zone in self._zones}
        #: Operative temperature at the end of each step so far.
        self._steps_c: dict[str, list[float]] = {zone: [] for zone in self._zones}

    def attach(self, state: Any) -> None:
        """Register with a fresh state, before the run."""
        for zone in self._zones:
            self._exchange.request_variable(state, building.OPERATIVE_TEMPERATURE, zone)
        self._exchange.request_variable(state, building.OUTDOOR_TEMPERATURE, "Environment")
        self._runtime.callback_begin_zone_timestep_after_init_heat_balance(state, self._begin)
        self._runtime.callback_end_zone_timestep_after_zone_reporting(state, self._end)

    def simulated(self, severe_errors: int) -> Simulated:
        """Everything read, after the run."""
        if self._begun != self._experiment.days * HOURS_A_DAY * self._steps_per_hour:
            raise EmulatorError(f"EnergyPlus made {self._begun} steps, not {self._experiment.days} whole days")
        return self._read_so_far(severe_errors)

    def _read_so_far(self, severe_errors: int = 0) -> Simulated:
        rooms = list(zip(*self._operative_c.values(), strict=True))
        return Simulated(
            heat_kwh=tuple(self._heat_kwh),
            indoor_c=tuple(sum(rooms_c) / len(rooms_c) for rooms_c in rooms),
            coldest_room_c=tuple(min(rooms_c) for rooms_c in rooms),
            outdoor_c=tuple(self._outdoor_c),
            cold_kelvin_hours={zone: tuple(hours) for zone, hours in self._cold.items()},
            room_quarters_c={zone: tuple(self._at_quarters(steps)) for zone, steps in self._steps_c.items()},
            severe_errors=severe_errors,
        )

    def _at_quarters(self, steps_c: list[float]) -> list[float]:
        """Values at the ends of quarter-hours; between two steps they lie on a straight line."""
        count = len(steps_c) * READINGS_PER_HOUR // self._steps_per_hour
        ends = ((k + 1) * self._steps_per_hour / READINGS_PER_HOUR - 1 for k in range(count))
        return [round((steps_c[int(end)] + steps_c[math.ceil(end)]) / 2, 3) for end in ends]

    def _in_weather_run(self, state: Any) -> bool:
        exchange = self._exchange
        return bool(
            exchange.api_data_fully_ready(state)
            and not exchange.warmup_flag(state)
            and exchange.kind_of_sim(state) == WEATHER_RUN
        )

    def _begin(self, state: Any) -> None:
        if not self._in_weather_run(state):
            return
        if not self._handles:
            self._handles = self._take_handles(state)
        if self._controller is not None and self._begun % (HOURS_A_DAY * self._steps_per_hour) == 0:
            self._ask(self._controller, state)
        change = self._begun * self._experiment.changes_per_hour // self._steps_per_hour
        self._exchange.set_actuator_value(state, self._handles["actuator"], self._set_points_c[change])
        self._begun += 1

    def _ask(self, controller: Controller, state: Any) -> None:
        """Let the controller replace the day's set-points, given the days before."""
        day, count = self._begun // (HOURS_A_DAY * self._steps_per_hour), self._experiment.changes_per_day
        try:
            chosen = controller.day_set_points_c(day, self._read_so_far()) if day else None
        except Exception as failure:  # noqa: BLE001 - an exception that leaves a callback is lost: it is raised after the run
            self.failure = failure
            self._runtime.stop_simulation(state)
            return
        if chosen is not None:
            self._set_points_c[day * count : (day + 1) * count] = chosen

    def _end(self, state: Any) -> None:
        if not self._in_weather_run(state) or not self._begun:
            return
        hour = (self._begun - 1) // self._steps_per_hour
        self._heat_kwh[hour] += self._read_heat_kwh(state)
        self._outdoor_c[hour] += self._read(state, "outdoor") / self._steps_per_hour
        for zone in self._zones:
            operative_c = self._read(state, zone)
            self._operative_c[zone][hour] += operative_c / self._steps_per_hour
            self._steps_c[zone].append(operative_c)
            self._cold[zone][hour] += max(0.0, self._experiment.comfort_c - operative_c) / self._steps_per_hour

    def _take_handles(self, state: Any) -> dict[str, int]:
        exchange = self._exchange
        handles = {
            "actuator": exchange.get_actuator_handle(
                state, "Schedule:Compact", "Schedule Value", self._experiment.schedule
            ),
            "outdoor": exchange.get_variable_handle(state, building.OUTDOOR_TEMPERATURE, "Environment"),
            **{zone: exchange.get_variable_handle(state, building.OPERATIVE_TEMPERATURE, zone) for zone in self._zones},
        }
        missing = [name for name, handle in handles.items() if handle < 0]
        if missing:
            raise EmulatorError(f"{self._experiment.building} has no {', '.join(missing)}; choose another schedule")
        meters = {name: exchange.get_meter_handle(state, name.upper()) for name in building.HEAT_METERS}
        return handles | {name: handle for name, handle in meters.items() if handle > 0}

    def _read(self, state: Any, name: str) -> float:
        return float(self._exchange.get_variable_value(state, self._handles[name]))

    def _read_heat_kwh(self, state: Any) -> float:
        meters = (self._handles[name] for name in building.HEAT_METERS if name in self._handles)
        return sum(float(self._exchange.get_meter_value(state, meter)) for meter in meters) / JOULES_PER_KWH
