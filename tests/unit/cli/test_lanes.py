"""Lanes from the command line."""

from __future__ import annotations

import json

import pytest

from samdrift_platform.lanes import Lane
from samdrift_testing.command_line import Samdrift
from samdrift_testing.control import Control


@pytest.fixture(autouse=True)
def laned(plane: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane.app.state.workloads["tallying"], "lanes", lambda: {"invoices": Lane()}, raising=False)


def test_a_lane_is_paused_listed_and_resumed(samdrift: Samdrift) -> None:
    paused = samdrift("lanes", "pause", "tallying", "invoices", "--reason", "the ERP system moves")
    assert (paused.status, "0 wait" in paused.out) == (0, True), paused.err
    assert "paused by operator: the ERP system moves" in samdrift("lanes", "list", "tallying").out
    resumed = samdrift("lanes", "resume", "tallying", "invoices", "--reason", "it has moved", "--json")
    assert json.loads(resumed.out)["paused"] is None
    assert "open" in samdrift("lanes", "list", "tallying").out
    again = samdrift("lanes", "resume", "tallying", "invoices", "--reason", "it has moved")
    assert (again.status, "not paused" in again.err) == (1, True)
