"""The README's program, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from samdrift_testing.ports import free_ports
from samdrift_testing.trees import Tree, samdrift

#: Whatever takes this long would never come, in seconds.
PATIENCE_S = 240.0
README = Path(__file__).parents[2] / "README.md"


def test_the_program_of_the_readme(tmp_path: Path) -> None:
    """A newcomer copies it into a file and runs it beside a running platform."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    program = blocks[0]
    assert len([line for line in program.splitlines() if line.strip()]) <= 15
    environment = {"SAMDRIFT_WORKLOADS": "rpa", "SAMDRIFT_PORT": str(free_ports(1)[0])}
    home = {"SAMDRIFT_HOME": str(tmp_path / ".samdrift")}
    with Tree(samdrift("demo", "--json", "--stay"), {**environment, **home}, tmp_path / "out") as tree:
        tree.wait_until("it stays up", lambda: "Stop with Ctrl-C" in tree.tail(), timeout_s=PATIENCE_S)
        _run(tmp_path, "-m", "samdrift_rpa.invoices.generator", "invoices")
        told = _run(tmp_path, "-c", program)
    assert told.count(" done") == 3, told


def _run(folder: Path, *words: str) -> str:
    """What `python …` prints in `folder`, with nothing of the test's own settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMDRIFT_")}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
