"""A control plane that hosts the heating plans, on a real port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from fastapi import FastAPI

from samdrift_energy_forecast.workload import workload
from samdrift_platform.client import Client
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_testing.control import at_work, put_together
from samdrift_testing.serving import serving

#: The least that describes a building.
DESCRIPTION: dict[str, Any] = {
    "id": "school-1",
    "name": "Skolen ved Søen",
    "meter": {"time_zone": "Europe/Copenhagen"},
    "calendar": {"opening": {"monday": {"begins": "08:00", "ends": "16:00"}}},
    "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
    "tariff": {"price_per_kwh": 0.62},
    "emission": {"kg_co2_per_kwh": 0.034, "year": 2021, "method": "environmental declaration"},
}

LARGEST_MIB = 32
HOSTED = {workload.name: workload}


@dataclass(frozen=True, kw_only=True)
class Heating:
    """What a test asks of it."""

    url: str
    token: str
    ledger: Ledger
    home: Path

    def http(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=f"{self.url}/energy_forecast/api", headers=headers, timeout=120)

    def client(self) -> Client:
        return Client(self.url, self.token)

    def token_for(self, subject: str) -> str:
        return token_of(self.ledger, subject)


@contextmanager
def heating(ledger_url: str, home: Path) -> Iterator[Heating]:
    """Served from `home` on the migrated ledger at `ledger_url`."""
    settings = Settings(home=home, database_url=ledger_url, max_body_mib=LARGEST_MIB)
    with contextlib.closing(Ledger(ledger_url)) as ledger:
        app = at_work(_routes(), settings, HOSTED, ledger)
        with serving(app) as url:
            yield Heating(url=url, token=token_of(ledger, "operator"), ledger=ledger, home=home)


@cache
def _routes() -> FastAPI:
    with TemporaryDirectory() as folder:
        return put_together(Settings(home=Path(folder), max_body_mib=LARGEST_MIB), HOSTED)


def token_of(ledger: Ledger, subject: str) -> str:
    with ledger.write() as connection:
        return grants.issue(connection, GrantKind.TOKEN, subject, now=datetime.now(UTC))
