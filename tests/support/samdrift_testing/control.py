"""A control plane in this process, with an empty ledger and the tallying workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from fastapi import FastAPI
from starlette.datastructures import State

from samdrift_platform.client import Client
from samdrift_platform.contract import Workload
from samdrift_platform.control.app import create_app, furnish
from samdrift_platform.ledger import grants, migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.portal.reading import LedgerReading
from samdrift_platform.settings import Settings
from samdrift_testing.in_process import InProcess, in_process
from samdrift_testing.tallying import Tallying

ADDRESS = "http://control.test"


@dataclass(frozen=True, kw_only=True)
class Control:
    """What a test asks of it."""

    app: FastAPI
    ledger: Ledger
    settings: Settings
    transport: InProcess
    token: str

    def http(self, **headers: str) -> httpx.Client:
        """A browser or program without our client's manners; signed in only by the headers given."""
        return httpx.Client(base_url=ADDRESS, transport=self.transport, headers=headers)

    def signed_in(self) -> httpx.Client:
        return self.http(Authorization=f"Bearer {self.token}")

    def client(self) -> Client:
        return Client(ADDRESS, self.token, transport=self.transport, sleep=_refuse_to_sleep)

    def grant(self, kind: GrantKind, subject: str = "olga") -> str:
        with self.ledger.write() as connection:
            return grants.issue(connection, kind, subject, now=datetime.now(UTC))


@contextmanager
def control(home: Path, *, database_url: str = "") -> Iterator[Control]:
    """In `home`, on the migrated ledger at `database_url` or an empty one of its own."""
    settings = _settings(home, database_url)
    home.mkdir(exist_ok=True)
    if not database_url:
        (home / "ledger.db").write_bytes(_empty_ledger())
    ledger = Ledger(settings.ledger_url)
    app = _application(settings, ledger)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    with in_process(app) as transport:
        yield Control(app=app, ledger=ledger, settings=settings, transport=transport, token=token)
    ledger.close()


def _settings(home: Path, database_url: str = "") -> Settings:
    return Settings(home=home, database_url=database_url, max_body_mib=1)


def _application(settings: Settings, ledger: Ledger) -> FastAPI:
    return at_work(_routes(), settings, {"tallying": Tallying()}, ledger)


def at_work(routes: FastAPI, settings: Settings, workloads: Mapping[str, Workload], ledger: Ledger) -> FastAPI:
    """The routes that were put together once, at work for another ledger."""
    app, state = copy(routes), State()
    for name in ("templates", "problem_page", "assets_missing", "workloads_with_pages"):
        setattr(state, name, getattr(app.state, name))
    app.state = state
    furnish(app, settings, workloads=workloads, ledger=ledger)
    state.reading = LedgerReading(ledger, state.governance)
    return app


@cache
def _routes() -> FastAPI:
    with TemporaryDirectory() as folder:
        return put_together(_settings(Path(folder)), {"tallying": Tallying()})


def put_together(settings: Settings, workloads: Mapping[str, Workload]) -> FastAPI:
    """Routes for `at_work`: to put them together takes longer than most tests. Nobody asks this one anything."""
    return create_app(settings, workloads=workloads, ledger=Ledger("sqlite://"))


@cache
def _empty_ledger() -> bytes:
    """Migrated once a run."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        migrations.upgrade(settings.ledger_url)
        return (settings.home / "ledger.db").read_bytes()


def _refuse_to_sleep(seconds: float) -> None:
    raise AssertionError(f"nothing in this test should have to wait {seconds} s")
