"""The registrar outlives what it depends on: MLflow and the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_platform import registrar
from samdrift_platform.ledger import migrations, processes
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.processes import Process
from samdrift_platform.registrar import Registrar
from samdrift_registry.catalogue import Listing
from samdrift_registry.errors import MlflowUnavailableError
from samdrift_registry.origin import Origin
from samdrift_registry.reconciler import Reconciler


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
def ledger(tmp_path: Path) -> Ledger:
    migrations.upgrade(url := f"sqlite:///{tmp_path / 'ledger.db'}")
    return Ledger(url)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registrar, "PAUSE_S", 0.0)


def run(ledger: Ledger, home: Path, *script: Callable[[], object]) -> Process:
    """What it last reported."""
    catalogue = Scripted(*script)
    Registrar(ledger, Reconciler("unused", home, catalogue=catalogue)).run(catalogue.stopping)
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
