"""Tables that fit a narrow terminal without breaking what people copy."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_platform.cli.output import show_fields, show_table

DIGEST = "sha256:" + "0123456789abcdef" * 4
ITEM = "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10"
SENTENCE = "Twice the usual. Is there a leak in the house? Look at the meter before you decide."


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_identifiers_stay_whole_and_digests_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(
        ["id", "digest", "reference", "why"], [(ITEM, DIGEST, "exam/2026-11-24/" + "x" * 40, SENTENCE)], empty=""
    )
    out = capsys.readouterr().out
    assert ITEM in out
    assert "sha256:0123456789ab " in out
    assert "sha256:0123456789abc" not in out
    assert "exam/2026-11-24/" + "x" * 40 in out


def test_what_fits_is_not_widened(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["model", "version"], [("mammography-triage", 3)], empty="")
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_no_word_is_cut_off_where_the_terminal_is_too_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(ITEM, "rpa", "invoices/DK10000009 Invoice NEMKONTO-001", "waiting_for_person", SENTENCE)]
    rows += [(ITEM, "rpa", "digital_post/" + ITEM, "done", "")]
    show_table(["id", "workload", "reference", "state", "reason"], rows, empty="")
    printed = capsys.readouterr().out.split()
    assert {*SENTENCE.split(), "digital_post/" + ITEM, "NEMKONTO-001"} <= {*printed}


def test_of_one_thing_digests_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_fields({"digest": DIGEST})
    assert DIGEST in capsys.readouterr().out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(st.text("ab ", min_size=1, max_size=60), min_size=3, max_size=3), min_size=1, max_size=4))
def test_no_word_is_ever_broken(capsys: pytest.CaptureFixture[str], rows: list[list[str]]) -> None:
    show_table(["x", "y", "z"], rows, empty="")
    printed = capsys.readouterr().out.split()
    assert sorted(printed) == sorted(["x", "y", "z", *(word for row in rows for cell in row for word in cell.split())])
