"""A case system and a sender of Digital Post as a process of its own, killed and started again as a test likes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx

from samdrift_platform.contract import Store
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.receivers.digital_post import DigitalPostReceiver
from samdrift_testing.ports import free_ports


class CaseSystem:
    """One loopback on one port and one folder, with the receivers that reach it."""

    def __init__(self, folder: Path, faults: str, *options: str) -> None:
        (port,) = free_ports(1)
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self._argv = [sys.executable, "-m", "samdrift_rpa.loopback.case_system", "--folder", str(folder)]
        self._argv += ["--port", str(port), "--faults", faults, "--slow-s", "2.5", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._argv)
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
            client.get(f"{self.url}/health").raise_for_status()

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def log(self) -> Log:
        return read_log(self.folder)

    def times(self, kind: Kind) -> Counter[str]:
        """How often each key was worked on."""
        return Counter(entry.key for entry in self.log.entries(kind))

    def receivers(self, store: Store, *, timeout_s: float = 1.5) -> dict[str, CaseSystemReceiver | DigitalPostReceiver]:
        return {
            "case_system": CaseSystemReceiver(self.url, store, timeout_s=timeout_s),
            "digital_post": DigitalPostReceiver(self.url, store, timeout_s=timeout_s),
        }
