"""Lanes over HTTP: listed with what stands in them, paused and resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from samdrift_platform.lanes import Lane
from samdrift_platform.ledger import queue, submissions
from samdrift_testing.control import Control
from samdrift_testing.work import LEASE, item, request

AT = "/v1/workloads/tallying/lanes"
WHY = {"lane": "invoices", "reason": "the ERP system moves"}


@pytest.fixture(autouse=True)
def laned(plane: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workload declares a lane that is closed, and two items wait in one that it does not declare."""
    declared = {"by night": Lane(is_open=lambda at: False, most_at_once=1)}
    monkeypatch.setattr(plane.app.state.workloads["tallying"], "lanes", lambda: declared, raising=False)
    found = [replace(item(name), lane="invoices") for name in ("first", "second")]
    with plane.ledger.write() as connection:
        submissions.submit(connection, request("S", found), now=datetime.now(UTC))


def claim(plane: Control) -> list[queue.Claim]:
    known = {"workload": "tallying", "worker": "w", "limit": 1, "lease": LEASE, "now": datetime.now(UTC)}
    with plane.ledger.write() as connection:
        return queue.claim(connection, **known)  # type: ignore[arg-type]  # a test's shorthand


def test_lanes_are_listed_with_what_stands_in_them(plane: Control, http: httpx.Client) -> None:
    claim(plane)
    first, second = http.get(AT).json()["lanes"]
    assert (first["lane"], first["open"], first["most_at_once"], first["waiting"]) == ("by night", False, 1, 0)
    assert (second["lane"], second["open"], second["waiting"], second["in_work"]) == ("invoices", True, 1, 1)


def test_a_lane_is_paused_with_a_reason_and_resumed_once(plane: Control, http: httpx.Client) -> None:
    paused = http.post(f"{AT}/pause", json=WHY).json()
    assert (paused["waiting"], paused["paused"]["reason"]) == (2, "the ERP system moves")
    assert paused["paused"]["paused_by"] == "operator"
    assert claim(plane) == []
    assert http.post(f"{AT}/pause", json=WHY).json() == paused
    assert http.post(f"{AT}/resume", json=WHY).json()["paused"] is None
    assert len(claim(plane)) == 1
    assert http.post(f"{AT}/resume", json=WHY).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{AT}/pause", {**WHY, "lane": "unknown"}, 404),
        (f"{AT}/pause", {"lane": "invoices"}, 422),
        (f"{AT}/pause", {**WHY, "reason": " "}, 422),
        (f"{AT}/pause", {**WHY, "lane": "x" * 65}, 422),
        ("/v1/workloads/unknown/lanes/pause", WHY, 404),
    ],
)
def test_what_is_refused(http: httpx.Client, path: str, body: dict[str, str], status: int) -> None:
    assert http.post(path, json=body).status_code == status
