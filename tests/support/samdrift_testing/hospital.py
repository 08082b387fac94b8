"""A control plane in this process that hosts mammography, with a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from samdrift_mammography.intake.assembling import Assembler
from samdrift_platform import plugins
from samdrift_platform.control.app import create_app
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_testing.in_process import InProcess, in_process

ADDRESS = "http://hospital.test"


@dataclass(frozen=True, kw_only=True)
class Hospital:
    """What a test asks of it."""

    app: FastAPI
    ledger: Ledger
    transport: InProcess

    def http(self, subject: str = "modality-4") -> httpx.Client:
        """A program that is signed in as `subject`, with our answers in JSON."""
        headers = {"Authorization": f"Bearer {self.token(subject)}", "Accept": "application/json"}
        return httpx.Client(base_url=ADDRESS, transport=self.transport, headers=headers)

    def token(self, subject: str) -> str:
        with self.ledger.write() as connection:
            return grants.issue(connection, GrantKind.TOKEN, subject, now=datetime.now(UTC))

    @property
    def assembler(self) -> Assembler:
        return Assembler(ledger=self.ledger, store=self.app.state.store, tenant="demo", return_results=False)


@contextmanager
def hospital(home: Path, ledger_url: str, *, max_body_mib: int = 8) -> Iterator[Hospital]:
    """In `home`, on the migrated ledger at `ledger_url`."""
    settings = Settings(home=home, database_url=ledger_url, max_body_mib=max_body_mib)
    ledger = Ledger(settings.ledger_url)
    app = create_app(settings, workloads=plugins.workloads(["mammography"]), ledger=ledger)
    with in_process(app) as transport:
        yield Hospital(app=app, ledger=ledger, transport=transport)
    ledger.close()
