"""Runs experiments, each in a process of its own: EnergyPlus keeps memory after a run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
