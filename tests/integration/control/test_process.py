"""The control plane as a process of its own, on a real port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from samdrift_platform.client import Client
from samdrift_platform.errors import BodyTooLargeError
from samdrift_platform.ledger import grants, migrations, processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings, load
from samdrift_testing.ports import free_ports

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Running:
    settings: Settings
    token: str

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.settings.environment()}
        with (self.settings.home / "control.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "samdrift_platform.control"], env=environment, stdout=log, stderr=log
            )

    def client(self) -> Client:
        return Client(self.settings.url, self.token)

    @property
    def log(self) -> str:
        return (self.settings.home / "control.log").read_text()


@pytest.fixture
def installation(tmp_path: Path) -> Running:
    (port,) = free_ports(1)
    settings = load({}, home=tmp_path, port=port, max_body_mib=1, workloads="rpa")
    migrations.upgrade(settings.ledger_url)
    ledger = Ledger(settings.ledger_url)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    ledger.close()
    return Running(settings=settings, token=token)


@pytest.fixture
def process(installation: Running) -> Iterator[subprocess.Popen[bytes]]:
    started = installation.start()
    yield started
    started.kill()
    started.wait()


def test_it_reports_itself_and_ends_when_told(installation: Running, process: subprocess.Popen[bytes]) -> None:
    settings = installation.settings
    with installation.client() as client:
        assert [one["name"] for one in client.workloads()] == ["rpa"]
        assert client.readiness()["parts"][0] == {"name": "ledger", "ready": True, "why": "", "detail": {}}
    assert (settings.home / "url").read_text() == settings.url
    known = _reported(settings)
    assert (known.pid, known.ready) == (process.pid, True)
    process.terminate()
    assert process.wait(120) in (0, -signal.SIGTERM)
    assert not (settings.home / "url").exists()
    assert "Traceback" not in installation.log


def _reported(settings: Settings) -> processes.Process:
    """Its own word in the ledger, which it gives within a fraction of a second of its first answer."""
    ledger, pause = Ledger(settings.ledger_url), threading.Event()
    try:
        for _ in range(200):
            with ledger.read() as connection:
                for process in processes.all_of(connection):
                    return process
            pause.wait(0.05)
    finally:
        ledger.close()
    raise AssertionError("it did not report within 10 s")


def test_what_was_acknowledged_survives_kill_9(installation: Running, process: subprocess.Popen[bytes]) -> None:
    with installation.client() as client:
        reference = client.put_object(b"<Invoice/>")
        cases = [{"document": reference}]
        document = {"process": "invoices", "cases": cases, "received_at": "2026-11-24T08:15:00+01:00"}
        made = client.submit("rpa", document, reference="monday")
        process.kill()
        process.wait()
        again = installation.start()
        try:
            assert client.get_object(reference) == b"<Invoice/>"
            assert client.submission(made["id"]) == made
            assert client.submit("rpa", document, reference="monday") == made
            assert len(list(client.items())) == made["total"] == 1
        finally:
            again.kill()
            again.wait()


def test_a_body_over_the_limit_is_told_over_a_real_socket(
    installation: Running, process: subprocess.Popen[bytes]
) -> None:
    with installation.client() as client:
        for size in (MIB + 1, 20 * MIB):
            with pytest.raises(BodyTooLargeError, match="larger than 1 MiB"):
                client.put_object(bytes(size))
        assert client.put_object(b"small")


def test_one_that_hangs_up_halfway_harms_nobody(installation: Running, process: subprocess.Popen[bytes]) -> None:
    settings = installation.settings
    with installation.client() as client:
        client.workloads()
        for sent in (b"", b"half", b"x" * 70_000):
            head = (
                f"POST /v1/objects HTTP/1.1\r\nHost: {settings.host}\r\n"
                f"Authorization: Bearer {installation.token}\r\nContent-Length: 900000\r\n\r\n"
            )
            with socket.create_connection((settings.host, settings.port)) as raw:
                raw.sendall(head.encode() + sent)
        with socket.create_connection((settings.host, settings.port)) as raw:
            raw.sendall(b"no http at all\r\n\r\n")
            assert b"400" in raw.recv(200)
        assert client.put_object(b"next")
    assert "unexpected error" not in installation.log


def test_many_at_once(installation: Running, process: subprocess.Popen[bytes]) -> None:
    with installation.client() as client, ThreadPoolExecutor(20) as senders:
        references = list(senders.map(lambda n: client.put_object(bytes([n % 5]) * 1000), range(100)))
    assert len(set(references)) == 5


def test_it_loads_neither_ray_nor_mlflow_nor_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from samdrift_platform.settings import load;"
        "from samdrift_platform.control import server, app;"
        f"settings = load(home=Path({str(tmp_path)!r})); app.create_app(settings).openapi();"
        "print([name for name in ('ray', 'mlflow', 'torch', 'prefect', 'monai', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
