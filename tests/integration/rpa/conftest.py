"""A loopback as a process of its own, killed and started again as a test likes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.receivers.access_point import AccessPointReceiver
from samdrift_rpa.receivers.erp import ErpReceiver
from samdrift_testing.party import Party


class Loopback(Party):
    """An ERP system and an access point, with the receivers that reach them."""

    def __init__(self, folder: Path, faults: str, *options: str) -> None:
        super().__init__("samdrift_rpa.loopback", folder, faults, "--slow-s", "600", *options)
        self.objects = MemoryStore()
        #: Where an answer is slow on purpose, nobody waits long; elsewhere it comes, if late on a busy machine.
        self._timeout_s = 1.5 if "slow" in faults else 120.0

    @property
    def log(self) -> Log:
        return read_log(self.folder)

    @property
    def voucher_keys(self) -> list[str]:
        return [entry.key for entry in self.log.entries(Kind.VOUCHER)]

    @cached_property
    def erp(self) -> ErpReceiver:
        return ErpReceiver(self.url, self.objects, timeout_s=self._timeout_s)

    @cached_property
    def access_point(self) -> AccessPointReceiver:
        return AccessPointReceiver(self.url, self.objects, timeout_s=self._timeout_s)

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
