"""Runs the benchmarks that are named, or all of them: `python tests/benchmarks/run.py [names]`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Each in a process of its own; the exit status is that of the first that failed."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "support"), "OMP_NUM_THREADS": "1"}
    statuses = [subprocess.run([sys.executable, HERE / f"{name}.py"], env=environment).returncode for name in names]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main())
