"""The registrar outlives what it depends on: MLflow and the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from samdrift_platform import registrar
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.processes import Process
from samdrift_platform.registrar import Registrar
from samdrift_registry.catalogue import ListedVersion, Listing
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import MlflowUnavailableError
from samdrift_registry.events import Change, Departure, Found, Refused
from samdrift_registry.mirror import Mirror
from samdrift_registry.origin import Origin
from samdrift_registry.reconciler import Reconciler
from samdrift_testing.governing import MODEL, Office, copied


class Scripted:
    """An MLflow whose listings do, one after the other, what a test says; the last one stops the registrar."""

    def __init__(self, *script: Callable[[], object]) -> None:
        self.script = list(script)
        self.stopping = threading.Event()

    def listing(self) -> Listing:
        step = self.script.pop(0)
        if not self.script:
            self.stopping.set()
        step()
        return Listing(versions=(), aliases={})

    def fetch(self, *_: object) -> None:
        raise AssertionError("there is nothing to fetch")

    def origin(self, *_: object) -> Origin:
        raise AssertionError("there is nothing to ask about")


@pytest.fixture
def ledger(sqlite_url: str) -> Ledger:
    return Ledger(sqlite_url)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registrar, "PAUSE_S", 0.0)


def run(ledger: Ledger, home: Path, *script: Callable[[], object]) -> Process:
    """What it last reported."""
    catalogue = Scripted(*script)
    Registrar(ledger, Reconciler("unused", home, catalogue=catalogue), Governance(ledger, home)).run(catalogue.stopping)
    assert catalogue.script == []
    with ledger.read() as connection:
        (reported,) = processes.all_of(connection)
    ledger.close()
    return reported


def answers() -> None: ...


def mlflow_gone() -> None:
    raise MlflowUnavailableError


def ledger_gone() -> None:
    raise LedgerUnavailableError


def test_not_ready_while_mlflow_does_not_answer(ledger: Ledger, tmp_path: Path) -> None:
    reported = run(ledger, tmp_path, answers, mlflow_gone)
    assert not reported.ready
    assert "MLflow does not answer" in reported.detail["why"]


@pytest.mark.parametrize("trouble", [mlflow_gone, ledger_gone])
def test_ready_again_afterwards(ledger: Ledger, tmp_path: Path, trouble: Callable[[], object]) -> None:
    reported = run(ledger, tmp_path, trouble, trouble, answers)
    assert reported.ready
    assert reported.detail == {"refused": {}}


# What it states.


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    return copied(ledger, tmp_path / "home")


@pytest.fixture
def registry(office: Office) -> Registrar:
    return Registrar(office.ledger, Reconciler("unused", office.home), office.governance)


def codes(office: Office) -> list[str]:
    return [alarm.code for alarm in office.governance.alarms()]


def found(declared: Mapping[str, str] | None = None) -> Found:
    facts = declared or {}
    return Found(name=MODEL, version=1, digest="sha256:1", run_id="r", registered_by="dora", declared=facts)


def alias(name: str, was: str | None, now: str | None) -> Departure:
    return Departure(change=Change.ALIAS_MOVED, name=MODEL, alias=name, was=was, now=now)


def test_what_is_found_is_registered_once_with_what_its_tags_declare(office: Office, registry: Registrar) -> None:
    for _ in range(2):
        registry.record(found({"purpose": "tells numbers", "mdr_class": " "}))
    told = office.governance.statements(MODEL, 1)
    assert [str(each.kind) for each in told] == ["registered", "declared"]
    assert told[0].facts == {"run_id": "r", "registered_by": "dora"}
    assert told[1].facts == {"purpose": "tells numbers"}
    assert {each.made_by for each in told} == {"registry"}


def test_what_people_declare_stands_above_the_tags(office: Office, registry: Registrar) -> None:
    registry.record(found())
    office.governance.declare(MODEL, 1, {"purpose": "ours"}, actor="dora", now=office.now)
    registry.record(found({"purpose": "theirs"}))
    declared = office.governance.standing(MODEL, 1).declaration
    assert declared is not None
    assert declared.facts == {"purpose": "ours"}


def test_a_refusal_is_stated_when_it_is_final(office: Office, registry: Registrar) -> None:
    registry.record(Refused(name=MODEL, version=1, reason="not there yet", final=False))
    assert office.governance.statements(MODEL) == ()
    for _ in range(2):
        registry.record(Refused(name=MODEL, version=1, reason="a pickle", final=True))
    assert [each.facts["reason"] for each in office.governance.statements(MODEL, 1)] == ["a pickle"]


def test_an_alias_moved_behind_our_back_is_an_alarm_and_changes_nothing(office: Office, registry: Registrar) -> None:
    office.serve()
    office.approved(2)
    for _ in range(2):
        registry.record(alias("champion", "1", "2"))
    (alarm,) = office.governance.alarms()
    assert (alarm.code, alarm.subject, alarm.figures["now"]) == ("alias moved", f"model:{MODEL}/1", "2")
    assert office.governance.deployments()[MODEL, Slot.CHAMPION].version == 1


def test_an_alias_that_says_what_is_deployed_is_none(office: Office, registry: Registrar) -> None:
    office.serve()
    registry.record(alias("champion", None, "1"))
    registry.record(alias("shadow", "3", None))
    registry.record(alias("my-favourite", "1", "2"))
    assert codes(office) == []


def test_a_champion_deleted_in_mlflow_is_an_alarm_and_serves_on(office: Office, registry: Registrar) -> None:
    office.serve()
    registry.record(Departure(change=Change.VANISHED, name=MODEL, version=1, was="runs:/r/model (run r)"))
    assert codes(office) == ["vanished"]
    assert office.governance.deployments()[MODEL, Slot.CHAMPION].version == 1


class Shown:
    """MLflow's aliases, for the mirror."""

    def __init__(self) -> None:
        self.aliases: dict[tuple[str, str], int] = {}

    def listing(self) -> Listing:
        versions = tuple(ListedVersion(name=MODEL, version=n, source="runs:/r/model", run_id="r") for n in (1, 2))
        return Listing(versions=versions, aliases=dict(self.aliases))

    def fetch(self, *_: object) -> None:
        raise AssertionError("there is nothing to fetch")

    def point(self, name: str, alias: str, version: int | None) -> None:
        self.aliases.pop((name, alias), None)
        if version is not None:
            self.aliases[name, alias] = version


def test_aliases_follow_what_is_deployed_and_are_put_back(office: Office) -> None:
    shown = Shown()
    mirror = Mirror("unused", office.home, aliases=shown)
    registry = Registrar(office.ledger, Reconciler("unused", office.home), office.governance, mirror)
    office.serve()
    registry._reflect()
    assert shown.aliases == {(MODEL, "champion"): 1}
    shown.aliases[MODEL, "champion"] = 2
    registry._reflect()
    assert shown.aliases == {(MODEL, "champion"): 1}
    assert codes(office) == ["alias moved"]
    office.serve(2)
    registry._reflect()
    assert shown.aliases == {(MODEL, "champion"): 2}
    assert codes(office) == ["alias moved"]
