"""A control plane in this process that hosts processes, and robots that work whenever a client waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI

from samdrift_platform.client import Client
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_rpa.process import Process
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.control import ADDRESS, at_work, put_together
from samdrift_testing.errand_process import errands
from samdrift_testing.in_process import InProcess, in_process
from samdrift_testing.robots import Robots


@dataclass(frozen=True, kw_only=True)
class RobotPlane:
    app: FastAPI
    desk: Robots
    transport: InProcess
    token: str

    def client(self) -> Client:
        """Whoever waits with it lets the robots work meanwhile."""
        return Client(ADDRESS, self.token, transport=self.transport, sleep=self.work)

    def work(self, seconds: float = 0.0) -> None:
        now = datetime.now(UTC)
        self.desk.work(now=now)
        self.desk.deliver(now=now)


@contextmanager
def robot_plane(home: Path, ledger: Ledger) -> Iterator[RobotPlane]:
    """Hosts the errands."""
    workload = _workload()
    app = at_work(_routes(), Settings(home=home, max_body_mib=1), {"rpa": workload}, ledger)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    desk = Robots(ledger=ledger, workload=workload, store=app.state.store, answers={"order": {"number": "17"}})
    with in_process(app) as transport:
        yield RobotPlane(app=app, desk=desk, transport=transport, token=token)


@cache
def _workload() -> RobotWorkload:
    hosted: dict[str, Process[Any, Any]] = {errands.name: errands}
    return RobotWorkload(hosted)


@cache
def _routes() -> FastAPI:
    with TemporaryDirectory() as folder:
        return put_together(Settings(home=Path(folder)), {"rpa": _workload()})
