"""From `samdrift demo` on an empty home to everything being ready, and to a finished demonstration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from samdrift_testing.benchmarking import benchmark

PATIENCE_S = 400.0


def main() -> None:
    """One start. Nothing ran here before, but the files of the libraries may be in the kernel's cache."""
    with benchmark("cold_start", "Cold start: the demonstration on an empty home") as measured:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "SAMDRIFT_HOME": home}
            command = [str(Path(sys.executable).with_name("samdrift")), "demo", "--json"]
            done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE_S, check=False)
        report = json.loads(done.stdout)
        ready_s, total_s = float(report["ready_s"]), float(report["total_s"])
        measured.row(ready_s=ready_s, finished_s=total_s, succeeded=done.returncode == 0)
        measured.bar("ready in 30 s", ready_s < 30)
        measured.bar("finished in 90 s", total_s < 90)
        measured.bar("every step succeeded", done.returncode == 0)


if __name__ == "__main__":
    main()
