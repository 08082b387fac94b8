"""A gateway pushes while the control plane is killed: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.metering import reading_store
from samdrift_platform.client import Client
from samdrift_platform.errors import UnavailableError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import Settings, load
from samdrift_testing.heating import DESCRIPTION, token_of
from samdrift_testing.ports import free_ports

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
BATCHES, HOURS = 30, 24
KILLS = 2


@dataclass
class Gateway:
    """Sends each batch until it is acknowledged."""

    client: Client
    acknowledged: list[int] = field(default_factory=list)
    progress: Event = field(default_factory=Event)

    def push(self) -> None:
        for batch in range(BATCHES):
            body = {"readings": [one(batch * HOURS + k) for k in range(HOURS)]}
            while not self._sent(body):
                pass
            self.acknowledged.append(batch)
            self.progress.set()

    def _sent(self, body: dict[str, Any]) -> bool:
        with contextlib.suppress(UnavailableError):
            answer = self.client.call("POST", "/energy_forecast/api/readings", json=body)
            return "refused" not in answer["counts"]
        return False


def one(k: int) -> dict[str, Any]:
    stamp = (FIRST + timedelta(hours=k)).isoformat()
    return {"building": "school-1", "series": "heat", "stamp": stamp, "value": float(k)}


def start(settings: Settings) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings.environment()}
    with (settings.home / "control.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "samdrift_platform.control"], env=environment, stdout=log, stderr=log
        )


@pytest.fixture
def installation(ledger_url: str, tmp_path: Path) -> Settings:
    (port,) = free_ports(1)
    return load({}, home=tmp_path, port=port, database_url=ledger_url, workloads="energy_forecast")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with contextlib.closing(Ledger(ledger_url)) as opened:
        with opened.write() as connection:
            register.put(connection, [BuildingDescription.model_validate(DESCRIPTION)], by="olga", now=FIRST)
        yield opened


def values(ledger: Ledger) -> list[float | None]:
    with ledger.read() as connection:
        rows = reading_store.read_back(
            connection,
            "school-1",
            first=FIRST - timedelta(hours=1),
            end=FIRST + timedelta(days=60),
            known_at=datetime.now(UTC),
        )
    return [value for _, _, value, _ in rows]


def test_what_was_acknowledged_survives_kills_and_is_there_once(installation: Settings, ledger: Ledger) -> None:
    process = start(installation)
    try:
        with (
            Client(installation.url, token_of(ledger, "gateway"), timeout_s=60) as client,
            ThreadPoolExecutor(1) as sender,
        ):
            gateway = Gateway(client)
            sending = sender.submit(gateway.push)
            for _ in range(KILLS):
                gateway.progress.clear()
                assert gateway.progress.wait(120)
                process.kill()
                process.wait()
                promised = {batch * HOURS + k for batch in gateway.acknowledged for k in range(HOURS)}
                assert promised <= set(values(ledger))
                process = start(installation)
            sending.result(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert values(ledger) == [float(k) for k in range(BATCHES * HOURS)]
