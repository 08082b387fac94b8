"""OpenOrchestrator, as its users install it, in an environment of its own: never among our dependencies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("OpenOrchestrator==3.0.0", "psycopg[binary]")
SUPPORT = Path(__file__).parents[1]
#: Seconds: for pip, and for one run of a queue.
INSTALL_S, RUN_S = 600, 300


class NotInstallableError(Exception):
    """It cannot be installed here, and why."""


@dataclass(frozen=True)
class OpenOrchestrator:
    """An interpreter that has it."""

    python: Path

    def fill(self, url: str, number: int) -> None:
        """Put so many elements into its queue at `url`."""
        subprocess.run(self._command(url, "fill", str(number)), env=_environment(), check=True, timeout=RUN_S)

    def workers(self, url: str, number: int) -> list[subprocess.Popen[str]]:
        """So many processes that are ready to take elements; each begins when a line is written to it."""
        pipe = subprocess.PIPE
        made = [
            subprocess.Popen(self._command(url, "work"), env=_environment(), stdin=pipe, stdout=pipe, text=True)
            for _ in range(number)
        ]
        for worker in made:
            _line(worker)
        return made

    def run(self, workers: Sequence[subprocess.Popen[str]]) -> list[str]:
        """Let all begin at once; every reference that one of them held. They live until `end`."""
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return [reference for worker in workers for reference in json.loads(_line(worker))]

    def end(self, workers: Sequence[subprocess.Popen[str]]) -> None:
        """Let them go."""
        for worker in workers:
            worker.communicate("\n", timeout=RUN_S)

    def robot(self, url: str, log: Path, plan: tuple[str, int] | None) -> subprocess.Popen[bytes]:
        """A robot that writes a line for each element, and dies at the `nth` passing of a point if told to."""
        dies = [] if plan is None else [plan[0], str(plan[1])]
        return subprocess.Popen(self._command(url, "robot", str(log), *dies), env=_environment())

    def count(self, url: str, status: str) -> int:
        """How many elements are in a status, such as `IN_PROGRESS`."""
        command = self._command(url, "count", status)
        done = subprocess.run(command, env=_environment(), check=True, timeout=RUN_S, capture_output=True, text=True)
        return int(done.stdout)

    def _command(self, url: str, *what: str) -> list[str]:
        return [str(self.python), "-m", "samdrift_peers.open_orchestrator", url, *what]


def installed(folder: Path) -> OpenOrchestrator:
    """Made with pip in `folder`, or found there; SAMDRIFT_OPEN_ORCHESTRATOR may name an interpreter that has it.

    Raises:
        NotInstallableError: there is no package index, or it does not install.
    """
    if (given := os.environ.get("SAMDRIFT_OPEN_ORCHESTRATOR")) is not None:
        return OpenOrchestrator(Path(given))
    python = folder / "bin" / "python"
    steps = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise NotInstallableError(f"{PACKAGES[0]} cannot be installed here: {last}")
    return OpenOrchestrator(python)


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline()


def _environment() -> dict[str, str]:
    """Nothing of ours but the module that speaks to it."""
    return {"PYTHONPATH": str(SUPPORT), "PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"}
