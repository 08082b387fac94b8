"""A party outside as a process of its own, on one port and one folder, killed and started again as a test likes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from samdrift_testing.ports import free_ports


class Party:
    """`module` is run with its folder, its port and its faults; it answers at `/health` when it is ready."""

    def __init__(
        self, module: str, folder: Path, faults: str, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        (port,) = free_ports(1)
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self._argv = [sys.executable, "-m", module, "--folder", str(folder), "--port", str(port), "--faults", faults]
        self._argv += options
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._argv, env=self._environment)
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
            client.get(f"{self.url}/health").raise_for_status()

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
