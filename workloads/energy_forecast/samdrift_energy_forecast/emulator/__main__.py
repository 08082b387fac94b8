"""`python -m samdrift_energy_forecast.emulator experiment.json simulated.json [folder for EnergyPlus's files]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from samdrift_energy_forecast.emulator.engine import run
from samdrift_energy_forecast.emulator.experiment import Experiment


def main(question: str, answer: str, folder: str | None = None) -> None:
    """Read an experiment from the file `question`, run it, write what was simulated to the file `answer`."""
    experiment = Experiment.from_json(Path(question).read_text())
    with tempfile.TemporaryDirectory(prefix="samdrift-energyplus-") as scratch:
        target = Path(folder or scratch)
        target.mkdir(parents=True, exist_ok=True)
        Path(answer).write_text(run(experiment, target).to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
