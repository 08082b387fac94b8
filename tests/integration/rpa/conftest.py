"""A loopback as a process of its own, killed and started again as a test likes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.receivers.access_point import AccessPointReceiver
from samdrift_rpa.receivers.erp import ErpReceiver


class Loopback:
    """One loopback on one port and one folder."""

    def __init__(self, folder: Path, faults: str, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.objects = MemoryStore()
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self._argv = [sys.executable, "-m", "samdrift_rpa.loopback", "--folder", str(folder), "--port", str(port)]
        self._argv += ["--faults", faults, "--slow-s", "2.5", *options]
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

    @property
    def voucher_keys(self) -> list[str]:
        return [entry.key for entry in self.log.entries(Kind.VOUCHER)]

    @cached_property
    def erp(self) -> ErpReceiver:
        return ErpReceiver(self.url, self.objects, timeout_s=1.5)

    @cached_property
    def access_point(self) -> AccessPointReceiver:
        return AccessPointReceiver(self.url, self.objects, timeout_s=1.5)

    def post(self, key: UUID, voucher: Any) -> Mapping[str, Any]:
        """Deliver a voucher, stored as a step would."""
        return self.erp.deliver(key, {"voucher": self.objects.put(json.dumps(voucher).encode())})

    def send(self, key: UUID, answer: Any) -> Mapping[str, Any]:
        """Deliver an answer, stored as a step would."""
        return self.access_point.deliver(key, {"answer": self.objects.put(json.dumps(answer).encode())})

    def close(self) -> None:
        self.kill()
        self.erp.close()
        self.access_point.close()


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Callable[..., Loopback]]:
    """Starts a loopback with the given faults; it is killed at the end."""
    started: list[Loopback] = []

    def start(faults: str = "", *options: str) -> Loopback:
        one = Loopback(tmp_path / f"loopback{len(started)}", faults, *options)
        started.append(one)
        one.start()
        return one

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The open data of this workload; tests are skipped without it."""
    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "rpa"
    if not os.environ.get("SAMDRIFT_DATA") or not (folder / "labels.tsv").is_file():
        pytest.skip(f"needs {folder / 'labels.tsv'}: set SAMDRIFT_DATA to the folder that holds rpa/")
    return folder
