"""Everything that works on a night's plans is killed once, in the middle: each plan is made, and delivered once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

import samdrift_energy_forecast
from samdrift_energy_forecast.ordering import nightly
from samdrift_energy_forecast.workload import MODEL
from samdrift_platform.crew import RayReplica
from samdrift_platform.ledger.items import WorkItem, find
from samdrift_platform.ledger.tables import effects
from samdrift_platform.objects import ObjectStore
from samdrift_platform.process import die_with_parent
from samdrift_testing.heated_fleet import enter, simulated
from samdrift_testing.mail_servers import Kept, mail_server
from samdrift_testing.models import take_in
from samdrift_testing.station import SHORT_LEASE_S, Station, running_station
from samdrift_testing.trees import samdrift

BUILDINGS = 12
#: Objects that the first ordering stores before it dies, and mails that the server takes before it says "later".
PUTS, MAILS = 17, 4
WORKLOADS = ("energy_forecast",)
#: On a quiet machine the whole takes half a minute.
PATIENCE_S = 300.0
SHIPPED = Path(samdrift_energy_forecast.__file__).parent / "shipped" / MODEL
SUPPORT = Path(__file__).parents[2] / "support"
pytestmark = pytest.mark.timeout(900)


class Gate(Kept):
    """Takes so many mails, and has others come later, until it is open."""

    left = MAILS

    def answer_to(self, recipient: str) -> str:
        if not self.left:
            return "451 later"
        self.left -= 1
        return super().answer_to(recipient)


@dataclass(frozen=True, kw_only=True)
class Survived:
    """What the receivers hold, and what the ledger says, after all was killed and started again."""

    items: list[WorkItem]
    mail: Kept
    folder: Path
    #: How far the night was when the killed ordering had ended, and what a last run of it added.
    ordered_at_death: int
    ordered_again: Mapping[str, Any]


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Survived:
    folder = tmp_path_factory.mktemp("night")
    gate = Gate()
    with mail_server(kept=gate) as (port, _):
        environment = {
            "SAMDRIFT_ENERGY_SMTP_HOST": "127.0.0.1",
            "SAMDRIFT_ENERGY_SMTP_PORT": str(port),
            "SAMDRIFT_ENERGY_SMTP_SECURITY": "none",
            "SAMDRIFT_ENERGY_MAIL_FROM": "plans@example.org",
            "SAMDRIFT_ENERGY_PLAN_FOLDER": str(folder / "plans"),
        }
        with night(folder) as station:
            station.serve(MODEL, 1, take_in(station.settings.home, MODEL, 1, SHIPPED))
            fill(station)
            station.wait_until(lambda: station.report().ready)
            ordered_at_death = die_while_ordering(station)
            plan_all(station)
            station.wait_until(lambda: any(item.result for item in items(station)))
            os.kill(station.report().pid, signal.SIGKILL)
        with night(folder) as station:
            station.wait_until(lambda: any(in_second_hands(item) for item in items(station)))
            assert kill_replicas(station) > 0
            with delivery(station, environment) as first:
                station.wait_until(lambda: delivered(station, "mail") == MAILS)
                first.kill()
            gate.left = BUILDINGS
            with delivery(station, environment):
                station.wait_until(lambda: all(item.state == "done" for item in items(station)))
            again = plan_all(station)
            return Survived(
                items=items(station),
                mail=gate,
                folder=folder / "plans",
                ordered_at_death=ordered_at_death,
                ordered_again=again,
            )


def test_the_ordering_died_in_the_middle(survived: Survived) -> None:
    assert 0 < survived.ordered_at_death < BUILDINGS


def test_each_building_has_one_plan_and_none_is_lost(survived: Survived) -> None:
    assert Counter(item.payload["building"]["id"] for item in survived.items) == Counter(
        {f"building-{number:05d}": 1 for number in range(BUILDINGS)}
    )
    assert {str(item.state) for item in survived.items} == {"done"}
    assert survived.ordered_again["ordered"] == survived.ordered_again["planned"] == BUILDINGS


def test_each_plan_came_by_mail_once(survived: Survived) -> None:
    assert survived.mail.recipients == Counter({f"caretaker-{number}@example.org": 1 for number in range(BUILDINGS)})


def test_each_plan_lies_in_the_folder_as_the_ledger_has_it(survived: Survived) -> None:
    written: dict[str, set[str]] = {}
    for path in survived.folder.glob("*/*.json"):
        written.setdefault(path.parent.name, set()).add(json.loads(path.read_bytes())["version"])
    assert written == {item.payload["building"]["id"]: {item.result["version"]} for item in survived.items}


@contextmanager
def night(folder: Path) -> Iterator[Station]:
    with running_station(folder, folder, workloads=WORKLOADS, reserved_share=0.0, lease_s=SHORT_LEASE_S) as station:
        station.patience_s = PATIENCE_S
        yield station


def fill(station: Station) -> None:
    fleet = simulated(BUILDINGS, days=21, issue_time=nightly.midnight(datetime.now(UTC)))
    store = ObjectStore(station.settings.objects_url)
    for number in range(BUILDINGS):
        to = {"email": [f"caretaker-{number}@example.org"], "folder": True}
        enter(station.ledger, store, fleet, chosen=[number], delivery=to)


def die_while_ordering(station: Station) -> int:
    words = [sys.executable, "-m", "samdrift_testing.killed_ordering", str(PUTS)]
    ended = subprocess.run(words, env=surroundings(station), capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    return len(items(station))


def plan_all(station: Station) -> Mapping[str, Any]:
    words = samdrift("energy", "plan", "--all", "--json")
    ended = subprocess.run(words, env=surroundings(station), capture_output=True, text=True, check=True)
    told: Mapping[str, Any] = json.loads(ended.stdout)
    return told


@contextmanager
def delivery(station: Station, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (station.settings.home / "delivery.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "samdrift_testing.short_leases", "3"],
            env=surroundings(station) | dict(environment),
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def surroundings(station: Station) -> dict[str, str]:
    return os.environ | station.settings.environment() | {"PYTHONPATH": str(SUPPORT)}


def in_second_hands(item: WorkItem) -> bool:
    """Whether a replica of the second dispatcher has it: the first one's claims have run out."""
    return item.attempt > 1 and item.state == "running" and not item.result


def kill_replicas(station: Station) -> int:
    killed = 0
    for member in psutil.Process(station.report().pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if f"ray::{RayReplica.__name__}" in " ".join(member.cmdline()):
                member.kill()
                killed += 1
    return killed


def items(station: Station) -> list[WorkItem]:
    with station.ledger.read() as connection:
        return find(connection, workload="energy_forecast")


def delivered(station: Station, step: str) -> int:
    query = sa.select(sa.func.count()).where(effects.c.step == step, effects.c.state == "delivered")
    with station.ledger.read() as connection:
        return int(connection.execute(query).scalar_one())
