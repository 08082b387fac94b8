from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from samdrift_platform.control.health import NEEDED, SHOWN
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.control import Control


@pytest.fixture
def stranger(plane: Control) -> Iterator[httpx.Client]:
    with plane.http() as client:
        yield client


def report(plane: Control, name: str, *, ready: bool = True, seen_s_ago: float = 0) -> None:
    seen = datetime.now(UTC) - timedelta(seconds=seen_s_ago)
    with plane.ledger.write() as connection:
        processes.report(connection, name, ready=ready, detail={"in_flight": 1}, now=seen)


def parts(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in answer.json()["parts"]}


def test_the_process_lives_whatever_the_ledger_does(plane: Control, stranger: httpx.Client) -> None:
    plane.app.state.ledger = Ledger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert stranger.get("/healthz").json() == {"alive": True}
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "does not answer" in parts(answer)["ledger"]["why"]


def test_ready_when_all_report(plane: Control, stranger: httpx.Client) -> None:
    for name in (*NEEDED, *SHOWN):
        report(plane, name)
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert set(parts(answer)) == {"ledger", *NEEDED, *SHOWN}
    assert parts(answer)["dispatcher"]["detail"] == {"in_flight": 1}


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("trouble", ["absent", "starting", "silent"])
def test_not_ready_while_one_is_missing_and_it_is_named(
    plane: Control, stranger: httpx.Client, name: str, trouble: str
) -> None:
    for other in (*NEEDED, *SHOWN):
        if other != name:
            report(plane, other)
    if trouble != "absent":
        report(plane, name, ready=trouble != "starting", seen_s_ago=60 if trouble == "silent" else 0)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    why = {"absent": "not reported yet", "starting": "starting", "silent": "60 s ago"}[trouble]
    assert why in parts(answer)[name]["why"]
    assert [part for part, said in parts(answer).items() if not said["ready"]] == [name]


def test_submitted_work_moves_without_the_registry(plane: Control, stranger: httpx.Client) -> None:
    for name in NEEDED:
        report(plane, name)
    report(plane, "registry", ready=False)
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert parts(answer)["registry"]["ready"] is False


def test_a_process_that_a_workload_brings_is_shown_and_holds_nothing_up(plane: Control, stranger: httpx.Client) -> None:
    for name in NEEDED:
        report(plane, name)
    report(plane, "of-a-workload", seen_s_ago=60)
    report(plane, "of-long-ago", seen_s_ago=2 * 86_400)
    answer = stranger.get("/readyz")
    assert answer.json()["ready"] is True
    shown = parts(answer)
    assert (shown["of-a-workload"]["ready"], shown["of-a-workload"]["detail"]) == (False, {})
    assert "60 s ago" in shown["of-a-workload"]["why"]
    assert "of-long-ago" not in shown


def test_processes_are_listed_for_signed_in_users(plane: Control, stranger: httpx.Client) -> None:
    report(plane, "dispatcher", seen_s_ago=60)
    assert stranger.get("/v1/processes").status_code == 401
    with plane.signed_in() as http:
        (process,) = http.get("/v1/processes").json()["processes"]
    assert (process["name"], process["alive"], process["ready"]) == ("dispatcher", False, True)
