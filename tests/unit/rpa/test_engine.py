"""Which models a dry run and a replay are given: those of the home, verified, in the versions that are wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.contract import ModelUse
from samdrift_platform.ledger.database import Ledger
from samdrift_rpa.commands.engine import loaded
from samdrift_rpa.process import Process
from samdrift_testing import governed
from samdrift_testing.errand_process import errands
from samdrift_testing.models import take_in, write_number

MODEL = "one-number"
BASE: Process[Any, Any] = errands


def names(models: Mapping[str, Any]) -> dict[str, int]:
    """The engine is what it was given."""
    return {name: model.version for name, model in models.items()}


PROCESS = replace(BASE, models={MODEL: ModelUse(suite="none", policy="none")}, load=names)


@pytest.fixture
def home(tmp_path: Path, sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", sqlite_ledger.url)
    return tmp_path / "home"


def test_what_is_deployed_here_takes_part(home: Path, sqlite_ledger: Ledger) -> None:
    digest = take_in(home, MODEL, 1, write_number(home / "source", 42.0))
    governed.serve(sqlite_ledger, home, MODEL, 1, digest)
    found = loaded(PROCESS)
    assert (found.engine, list(found.without)) == ({MODEL: 1}, [])
    assert loaded(PROCESS, only=found.models).engine == {MODEL: 1}
    other = loaded(PROCESS, only={MODEL: "2@sha256:" + "0" * 64})
    assert (other.engine, list(other.without)) == ({}, [MODEL])


@pytest.mark.usefixtures("home")
def test_what_is_not_deployed_is_named() -> None:
    assert list(loaded(PROCESS).without) == [MODEL]
    assert list(loaded(PROCESS, only={}).without) == []


def test_where_no_platform_lives_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "nowhere"))
    found = loaded(PROCESS)
    assert json.dumps(found.engine) == "{}"
    assert not (tmp_path / "nowhere").exists()
