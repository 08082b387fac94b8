"""Objections from the command line: the person's number is read, and printed nowhere."""

from __future__ import annotations

import io
import json

import pytest

from samdrift_testing.command_line import Samdrift
from samdrift_testing.control import Control

#: Published as fictitious.
NUMBERS = ("2512489996", "0108589995")


@pytest.fixture(autouse=True)
def people(plane: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane.app.state.workloads["tallying"], "subject_kind", "cpr", raising=False)


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_numbers_come_from_standard_input_and_leave_no_trace(
    samdrift: Samdrift, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, NUMBERS[0], "", NUMBERS[1])
    added = samdrift("objections", "add", "--workload", "tallying")
    assert added.status == 0, added.err
    assert added.out.count("to tallying stands.") == 2
    assert json.loads(samdrift("objections", "list", "--json").out) == {"tallying": 2}
    typed(monkeypatch, NUMBERS[0])
    ended = samdrift("objections", "withdraw", "--workload", "tallying", "--json")
    assert json.loads(ended.out)[0]["withdrawn_by"] == "operator"
    assert samdrift("objections", "list").out.split()[-2:] == ["tallying", "1"]
    assert not any(number in added.out + added.err + ended.out for number in NUMBERS)


def test_a_number_is_no_argument(samdrift: Samdrift, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch)
    assert samdrift("objections", "add", NUMBERS[0], "--workload", "tallying").status == 2
    empty = samdrift("objections", "add", "--workload", "tallying")
    assert (empty.status, "holds no number" in empty.err) == (1, True)
