"""Runs experiments, each in a process of its own: EnergyPlus keeps memory after a run."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from samdrift_energy_forecast.emulator.controller import Controller
from samdrift_energy_forecast.emulator.experiment import Experiment, Simulated
from samdrift_energy_forecast.errors import EmulatorError

#: A school needs about 2 s a week; more than this is a hang.
LONGEST_RUN_S = 600.0


def simulate(experiment: Experiment) -> Simulated:
    """Run `experiment` in a fresh process. Raises `EmulatorError` with what the process said."""
    with tempfile.TemporaryDirectory(prefix="samdrift-emulator-") as name:
        question, answer = Path(name) / "experiment.json", Path(name) / "simulated.json"
        question.write_text(experiment.to_json())
        command = [sys.executable, "-m", "samdrift_energy_forecast.emulator", str(question), str(answer)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_RUN_S, check=False)
        if ended.returncode or not answer.exists():
            raise EmulatorError(f"The emulator of {experiment.building} failed: {ended.stderr.strip()[-2000:]}")
        return Simulated.from_json(answer.read_text())


def simulate_side_by_side(experiments: Sequence[Experiment], *, processes: int = 2) -> list[Simulated]:
    """Run several experiments, at most `processes` at a time; answers in the order asked."""
    with ThreadPoolExecutor(max_workers=processes) as pool:
        return list(pool.map(simulate, experiments))


def simulate_controlled(experiment: Experiment, controller: Controller) -> Simulated:
    """Run `experiment` in a fresh process in which `controller` chooses each day's set-points.

    A fortnight of daily plans costs one run. Raises what the controller raised, and `EmulatorError`.
    """
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawning) as pool:
        return pool.submit(_controlled, experiment, controller).result(timeout=LONGEST_RUN_S)


def _controlled(experiment: Experiment, controller: Controller) -> Simulated:
    from samdrift_energy_forecast.emulator.engine import run

    with tempfile.TemporaryDirectory(prefix="samdrift-energyplus-") as scratch:
        return run(experiment, Path(scratch), controller)
