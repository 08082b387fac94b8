"""A party outside as a process of its own, on one port and one folder, killed and started again as a test likes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from samdrift_testing.ports import free_ports
from samdrift_testing.waiting import wait_until


def until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server that `process` is says yes at `url`; AssertionError when it ends or never does."""
    with httpx.Client(trust_env=False, timeout=20.0, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        wait_until(f"{url} answers", lambda: process.poll() is not None or _says_yes(client, url))
    assert process.poll() is None, f"it ended with {process.returncode} before it answered at {url}"


def _says_yes(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:  # not yet
        return False


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
        until_it_answers(f"{self.url}/health", self._process)

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
