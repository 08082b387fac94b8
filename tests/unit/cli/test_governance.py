"""Governance from the command line: who may, what it says, and how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.tables import truths
from samdrift_testing.command_line import Ended, Samdrift
from samdrift_testing.control import Control
from samdrift_testing.governing import FACTS, Office, opened, policy


@pytest.fixture
def office(plane: Control) -> Office:
    return opened(plane.ledger, plane.settings.home, now=datetime.now(UTC))


@pytest.fixture
def act_as(plane: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def become(person: str) -> None:
        (tmp_path / person).write_text(plane.grant(GrantKind.TOKEN, person))
        monkeypatch.setenv("SAMDRIFT_TOKEN_FILE", str(tmp_path / person))

    return become


def answer(ended: Ended) -> Any:
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_the_whole_way_of_a_version(samdrift: Samdrift, office: Office, act_as: Any) -> None:
    office.register()
    office.evaluate()
    assert "draft" not in samdrift("models", "list").out
    assert "evaluated" in samdrift("models", "list").out
    facts = [f"{name}={text}" for name, text in FACTS.items()]
    assert answer(samdrift("models", "declare", "oracle", "1", *facts, "--json"))["declaration"]["facts"] == FACTS
    report = answer(samdrift("models", "show", "oracle", "1", "--json"))["evidence"]["report"]
    for person, role in (("clara", "clinical"), ("tim", "technical")):
        act_as(person)
        done = samdrift("models", "approve", "oracle", "1", "--role", role, "--report", report[7:19])
        assert done.status == 0, done.err
    assert "is approved" in done.out
    refused = samdrift("models", "promote", "oracle", "1", "--reason", "good", "--json")
    assert refused.status == 0, "technical may deploy"
    shown = samdrift("models", "show", "oracle", "1").out
    for words in ("champion (100%)", "clara (clinical), tim (technical)", "passed by guessing/1", report):
        assert words in shown
    history = samdrift("models", "history", "oracle").out
    assert "approved" in history
    assert "champion" in history


def test_approving_asks_for_the_name_of_what_was_shown(
    samdrift: Samdrift, office: Office, act_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.register()
    office.evaluate()
    office.declare()
    act_as("clara")
    monkeypatch.setattr("typer.prompt", lambda _: "yes")
    wrong = samdrift("models", "approve", "oracle", "1", "--role", "clinical")
    assert (wrong.status, "nothing was approved" in wrong.err) == (1, True)
    monkeypatch.setattr("typer.prompt", lambda _: "oracle/1")
    right = samdrift("models", "approve", "oracle", "1", "--role", "clinical")
    assert right.status == 0
    assert "What the gate found:" in right.out
    stale = samdrift("models", "approve", "oracle", "1", "--role", "clinical", "--report", "ffffffffffff")
    assert (stale.status, "Read that one first" in stale.err) == (1, True)


def test_refusals_say_which_role_it_takes(samdrift: Samdrift, office: Office, act_as: Any) -> None:
    office.approved()
    act_as("dora")
    for command in (
        ("models", "promote", "oracle", "1", "--reason", "mine"),
        ("models", "approve", "oracle", "1", "--role", "technical", "--report", "ab"),
        ("people", "appoint", "dora", "--role", "technical"),
        ("resume", "tallying", "--reason", "please"),
    ):
        ended = samdrift(*command)
        assert ended.status == 1
        assert "it takes the role" in ended.err or "Read that one" in ended.err


def test_rollback_clear_canary_shadow_withdraw_and_retire(samdrift: Samdrift, office: Office, act_as: Any) -> None:
    office.serve(1)
    office.approved(2)
    assert "is shadow" in samdrift("models", "shadow", "oracle", "2", "--reason", "compare").out
    assert "no item scored" in samdrift("models", "show", "oracle", "2").out
    assert "is canary" in samdrift("models", "canary", "oracle", "2", "--share", "0.1", "--reason", "try").out
    assert "is approved" in samdrift("models", "clear", "oracle", "canary", "--reason", "seen").out
    assert "is champion" in samdrift("models", "promote", "oracle", "2", "--reason", "better").out
    assert "version 1 is champion" in samdrift("models", "rollback", "oracle", "--reason", "worse").out
    act_as("tim")
    assert "is evaluated" in samdrift("models", "withdraw", "oracle", "2", "--reason", "misread").out
    assert "is retired" in samdrift("models", "retire", "oracle", "2", "--reason", "old").out


def test_the_report_is_fetched_as_it_was_signed(samdrift: Samdrift, office: Office, tmp_path: Path) -> None:
    office.register()
    office.evaluate()
    assert json.loads(samdrift("models", "report", "oracle", "1").out)["suite"] == "guesses"
    assert samdrift("models", "report", "oracle", "1", "--html", "--language", "da", "--out", "r.html").status == 0
    assert '<html lang="da">' in (tmp_path / "r.html").read_text()


def test_the_kill_switch(samdrift: Samdrift, office: Office) -> None:
    assert "nothing is decided automatically" in samdrift("stop", "tallying", "--reason", "It counts wrong.").out
    assert "STOPPED by operator: It counts wrong." in samdrift("workloads").out
    assert "works with its models" in samdrift("resume", "tallying", "--reason", "repaired").out
    assert "STOPPED" not in samdrift("workloads").out


def test_people_and_policies(samdrift: Samdrift, office: Office, tmp_path: Path) -> None:
    shown = samdrift("people", "appoint", "karen", "--role", "domain", "--role", "auditor", "--known-as", "kn")
    assert shown.out == "karen: auditor, domain.\n"
    assert "kn" in samdrift("people", "list").out
    (tmp_path / "p.yaml").write_bytes(policy(2))
    assert samdrift("policies", "adopt", "p.yaml").out == "guessing/2 is in force.\n"
    assert "clinical/domain and technical" in samdrift("policies", "list").out


def test_a_refused_version_says_why(samdrift: Samdrift, office: Office) -> None:
    office.governance.refuse("oracle", 7, "model.pkl: a pickle.", now=office.now)
    shown = samdrift("models", "show", "oracle", "7").out
    assert "refused before it could be evaluated" in shown
    assert shown.endswith("Why it was refused:\n- model.pkl: a pickle.\n")


def test_alarms(samdrift: Samdrift, office: Office) -> None:
    assert samdrift("alarms", "list").out == "No alarm is open.\n"
    office.governance.alarm("workload:tallying", "drift", "Other numbers.", {}, actor="watch", now=office.now)
    shown = samdrift("alarms", "list").out
    identifier = shown.splitlines()[1].split()[0]
    settled = samdrift("alarms", "settle", identifier, "--decision", "nothing to do", "--reason", "Sunday")
    assert settled.out == "Settled: nothing to do.\n"
    assert "nothing to do" in samdrift("alarms", "list", "--all").out
    assert samdrift("alarms", "settle", "feed", "--decision", "x", "--reason", "y").status == 1


def test_signing_in_as_a_person(samdrift: Samdrift, office: Office, tmp_path: Path) -> None:
    assert "It signs in clara, once" in samdrift("sign-in", "--as", "clara").out
    assert samdrift("sign-in", "--as", "clara", "--write-token", "clara.token").status == 0
    assert (tmp_path / "clara.token").stat().st_mode & 0o777 == 0o600
    assert "samdrift people appoint nobody" in samdrift("sign-in", "--as", "nobody").err


def test_rotating_the_key(samdrift: Samdrift, office: Office) -> None:
    office.register()
    rotated = answer(samdrift("keys", "rotate", "--json"))
    assert rotated["manifests"] == 1
    assert rotated["statements"] > 3
    assert len(rotated["ended"]) == 1
    assert answer(samdrift("audit", "verify", "--json"))["intact"] is True
    assert "evaluated" not in samdrift("models", "list").out


def test_taking_the_weekly_look_now(samdrift: Samdrift, plane: Control) -> None:
    assert "no champion has scored anything" in samdrift("watch").out
    assert answer(samdrift("watch", "--json")) == []


def test_doing_now_what_a_schedule_does(samdrift: Samdrift, plane: Control) -> None:
    listed = {each["name"]: each["cron"] for each in answer(samdrift("schedules", "list", "--json"))}
    assert listed["watch"] == "0 4 * * 1"
    assert "nothing to do" in samdrift("schedules", "run", "watch").out
    assert answer(samdrift("schedules", "run", "watch", "--json")) == []
    assert "samdrift schedules" in samdrift("schedules", "run", "yearly").err


def test_what_turned_out_to_be_true(samdrift: Samdrift, plane: Control, tmp_path: Path) -> None:
    (tmp_path / "monday.json").write_text('{"numbers": [1]}')
    assert samdrift("submit", "tallying", "monday.json").status == 0
    (item,) = answer(samdrift("items", "--json"))
    known = ("--source", "meter", "--observed-at", "2026-11-24T09:00:00+01:00")
    assert "total of item" in samdrift("truth", item["id"], "total", "1.5", *known).out
    with plane.ledger.read() as connection:
        (kept,) = connection.execute(sa.select(truths)).mappings()
    assert (kept["name"], kept["value"], kept["source"]) == ("total", 1.5, "meter")
    assert kept["observed_at"] == datetime(2026, 11, 24, 8, tzinfo=UTC)
    naive = samdrift("truth", item["id"], "total", "1.5", "--source", "meter", "--observed-at", "2026-11-24T09:00:00")
    assert (naive.status, "observed_at" in naive.err or "time zone" in naive.err) == (1, True)


def test_one_decision_and_all_of_them(samdrift: Samdrift, plane: Control, tmp_path: Path) -> None:
    (tmp_path / "monday.json").write_text('{"numbers": [1]}')
    assert samdrift("submit", "tallying", "monday.json").status == 0
    (item,) = answer(samdrift("items", "--json"))
    shown = samdrift("audit", "replay", item["id"])
    assert shown.status == 0, shown.out
    assert "submission.received" in shown.out
    assert "nobody yet" in shown.out
    assert answer(samdrift("audit", "replay", item["id"], "--json"))["item"]["id"] == item["id"]
