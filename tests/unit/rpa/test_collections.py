from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.contract import Store
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger
from samdrift_rpa import processes, schedules, services
from samdrift_rpa.collection import Collection, CollectionError
from samdrift_rpa.process import Process, ProcessError
from samdrift_rpa.triggers.collecting import collected
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.robot_plane import robot_plane


def morning(store: Store) -> Iterator[Mapping[str, Any]]:
    """Finds what it found yesterday, too."""
    for name in ("milk", "bread"):
        yield {"document": store.put(errand(name, 12))}


def nothing(store: Store) -> Iterator[Mapping[str, Any]]:
    yield from ()


BASE: Process[Any, Any] = errands
PROCESS = replace(
    BASE,
    collections=(
        Collection(name="morning", cron="0 7 * * 1-5", collect=morning),
        Collection(name="evening", cron="30 17 * * *", collect=nothing),
    ),
)


def test_what_is_collected_twice_is_one_case(tmp_path: Path, sqlite_ledger: Ledger) -> None:
    with robot_plane(tmp_path / "home", sqlite_ledger) as plane:
        for _ in range(2):
            (said,) = collected(PROCESS, "morning", plane.client())
            assert said.startswith("errands: 2 cases were collected, submission ")
        assert len(plane.desk.items()) == 2
        assert collected(PROCESS, "evening", plane.client()) == ["errands: no case was found."]
        with pytest.raises(NotFoundError, match="nothing called 'noon'"):
            collected(PROCESS, "noon", plane.client())


def test_each_collection_is_a_schedule_by_danish_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "installed", lambda: {PROCESS.name: PROCESS})
    found = {each.name: each for each in schedules.schedules()}
    assert set(found) == {"rpa-statistics", "rpa-errands-morning", "rpa-errands-evening"}
    assert found["rpa-errands-morning"].cron == "0 7 * * 1-5"
    assert {each.time_zone for each in found.values()} == {"Europe/Copenhagen"}


def test_the_statistics_follow(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", sqlite_url)
    assert schedules.follow() == ["Looked at 0 events."]


@pytest.mark.parametrize("cron", ["", "7", "0 7 * *", "0 7 * * 1-5 x", "0 7 * * ;"])
def test_times_that_are_none_are_refused(cron: str) -> None:
    with pytest.raises(CollectionError, match="five fields"):
        Collection(name="morning", cron=cron, collect=nothing)


def test_two_collections_of_one_name_are_refused() -> None:
    with pytest.raises(ProcessError, match="a collection twice"):
        replace(BASE, collections=[*PROCESS.collections, PROCESS.collections[0]])


def test_the_watched_folders_are_a_service_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMDRIFT_RPA_FILE_DROP", raising=False)
    assert services.services() == {}
    monkeypatch.setenv("SAMDRIFT_RPA_FILE_DROP", "/srv/drop")
    (command,) = services.services().values()
    assert list(command[1:]) == ["-m", "samdrift_rpa.triggers"]
