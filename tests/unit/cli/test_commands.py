from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.control.health import NEEDED
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.tables import audit_events
from samdrift_testing.command_line import Ended, Samdrift
from samdrift_testing.control import Control


@pytest.fixture
def document(tmp_path: Path, plane: Control) -> str:
    (tmp_path / "monday.json").write_text('{"numbers": [1, 2]}')
    return "monday.json"


def answer(ended: Ended) -> Any:
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_submitting_a_file_twice_is_one_submission(samdrift: Samdrift, document: str) -> None:
    first = answer(samdrift("submit", "tallying", document, "--json"))
    again = answer(samdrift("submit", "tallying", document, "--json"))
    assert first == again
    assert first["items"] == {"queued": 2}
    assert first["reference"].startswith("monday-")
    shown = samdrift("submit", "tallying", document)
    assert first["id"] in shown.out
    assert "queued: 2" in shown.out


def test_a_changed_file_is_another_submission(samdrift: Samdrift, document: str, tmp_path: Path) -> None:
    first = answer(samdrift("submit", "tallying", document, "--json"))
    (tmp_path / document).write_text('{"numbers": [3]}')
    other = answer(samdrift("submit", "tallying", document, "--json"))
    assert other["id"] != first["id"]
    chosen = samdrift("submit", "tallying", document, "--reference", first["reference"])
    assert chosen.status == 1
    assert "other content" in chosen.err


def test_files_are_stored_and_their_references_take_the_place_of_their_names(
    samdrift: Samdrift, plane: Control, tmp_path: Path
) -> None:
    (tmp_path / "d.json").write_text('{"numbers": [], "objects": ["object:left", "object:right"]}')
    (tmp_path / "l.bin").write_bytes(b"left")
    (tmp_path / "r.bin").write_bytes(b"righty")
    made = answer(
        samdrift("submit", "tallying", "d.json", "--object", "left=l.bin", "--object", "right=r.bin", "--json")
    )
    found = answer(samdrift("items", "--submission", made["id"], "--json"))
    assert [item["payload"]["bytes"] for item in found] == [4, 6]


def test_waiting_shows_how_it_ended(samdrift: Samdrift, document: str) -> None:
    made = answer(samdrift("submit", "tallying", document, "--json"))
    assert answer(samdrift("cancel", made["id"], "--json"))["cancelled"] == 2
    waited = samdrift("submit", "tallying", document, "--wait", "--json")
    assert waited.status == 1, "cancelled is not done"
    assert json.loads(waited.out)["items"] == {"cancelled": 2}


def test_putting_files(samdrift: Samdrift, plane: Control, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    stored = answer(samdrift("put", "empty", "--json"))
    assert stored == {"empty": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    assert stored["empty"] in samdrift("put", "empty").out


def test_lists_and_one_item(samdrift: Samdrift, document: str) -> None:
    made = answer(samdrift("submit", "tallying", document, "--json"))
    first, second = answer(samdrift("items", "--workload", "tallying", "--state", "queued", "--json"))
    assert (first["reference"], second["reference"]) == ("1", "2")
    assert first["id"] in samdrift("items").out
    assert made["reference"] in samdrift("submissions").out
    assert answer(samdrift("submissions", "--limit", "1", "--json"))[0]["id"] == made["id"]
    assert answer(samdrift("item", first["id"], "--json"))["audit"] == []
    assert "Nothing was to be seen outside" in samdrift("item", first["id"]).out
    assert samdrift("cancel", first["id"]).out == "1 item cancelled.\n"
    assert "item.cancelled" in samdrift("item", first["id"]).out
    refused = samdrift("retry", first["id"])
    assert (refused.status, refused.out) == (1, "")
    assert "Only failed items can be retried" in refused.err


def test_what_is_empty_says_what_to_do(samdrift: Samdrift, plane: Control) -> None:
    assert "samdrift submit" in samdrift("submissions").out
    assert "MLflow" in samdrift("models", "list").out
    assert "no item has ended" in samdrift("benefits").out
    assert answer(samdrift("benefits", "--json")) == []
    assert answer(samdrift("models", "list", "--json")) == {"versions": [], "serving": []}


def test_workloads(samdrift: Samdrift, plane: Control) -> None:
    assert "Tallying" in samdrift("workloads").out
    assert answer(samdrift("workloads", "--json"))[0]["name"] == "tallying"


def test_the_audit_chain(samdrift: Samdrift, plane: Control) -> None:
    assert "grant.token" in samdrift("audit", "log").out
    assert answer(samdrift("audit", "log", "--json"))[0]["seq"] == 1
    assert samdrift("audit", "verify").out.startswith("Intact: 1 events, 0 signed statements")
    assert answer(samdrift("audit", "verify", "--json"))["intact"] is True
    with plane.ledger.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_events_no_update")
        connection.execute(audit_events.update().values(actor="mallory"))
    broken = samdrift("audit", "verify")
    assert broken.status == 1
    assert "Not intact from event 1 on" in broken.out
    assert json.loads(samdrift("audit", "verify", "--json").out)["first_bad_seq"] == 1


def test_status(samdrift: Samdrift, plane: Control) -> None:
    waiting = samdrift("status")
    assert waiting.status == 1
    assert "dispatcher  not ready  It has not reported yet." in waiting.out
    with plane.ledger.write() as connection:
        for name in NEEDED:
            processes.report(connection, name, ready=True, detail={}, now=datetime.now(UTC))
    assert samdrift("status").status == 0
    assert answer(samdrift("status", "--json"))["ready"] is True


def test_status_says_which_versions_wait_for_what(samdrift: Samdrift, plane: Control) -> None:
    detail = {"waiting": {"cow/2": "It is being evaluated by the suite herd."}}
    with plane.ledger.write() as connection:
        processes.report(connection, "evaluator", ready=True, detail=detail, now=datetime.now(UTC))
    assert re.search(r"cow/2 waits: It is being\s+evaluated by the suite herd\.", samdrift("status").out)


def test_status_says_what_troubles_the_workloads(samdrift: Samdrift, plane: Control) -> None:
    detail = {
        "governance": "Row 7 was edited.",
        "crews": {"herding": {"trouble": ""}, "milking": {"trouble": "It cannot be loaded."}},
        "shadows": {"milking": {"trouble": "It hangs."}},
        "missing": {"feeding": "no version is deployed", "milking": "It cannot be loaded."},
    }
    with plane.ledger.write() as connection:
        processes.report(connection, "dispatcher", ready=False, detail=detail, now=datetime.now(UTC))
        processes.report(connection, "registry", ready=False, detail={"why": "MLflow is away."}, now=datetime.now(UTC))
    shown = " ".join(samdrift("status").out.split())
    assert "MLflow is away." in shown
    for told in ("Row 7 was edited.", "milking (shadow): It hangs.", "feeding: no version is deployed"):
        assert told in shown
    assert shown.count("milking: It cannot be loaded.") == 1
    assert "herding" not in shown


def test_a_sign_in_link(samdrift: Samdrift, plane: Control) -> None:
    shown = samdrift("sign-in")
    assert "/sign-in?link=" in shown.out.splitlines()[0]
    assert "once, within 15 minutes" in shown.out
    assert answer(samdrift("sign-in", "--json"))["valid_s"] == 900


def test_settings_are_a_table_and_hide_passwords(samdrift: Samdrift, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", "postgresql://olga:secret@db/samdrift")
    table = {row["variable"]: row for row in answer(samdrift("settings", "--json"))}
    assert table["SAMDRIFT_PORT"]["value"] == "8700"
    assert table["SAMDRIFT_DATABASE_URL"]["value"] == "postgresql://olga:***@db/samdrift"
    assert all(row["help"] for row in table.values())
    assert "secret" not in samdrift("settings").out


def test_migrating_the_ledger(samdrift: Samdrift, home: Path) -> None:
    assert answer(samdrift("ledger", "migrate", "--json")) == {"migrated": True}
    assert (home / "ledger.db").exists()
    assert "up to date" in samdrift("ledger", "migrate").out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nonsense"], 2, ["No such command"]),
        (["submit"], 2, ["Missing argument"]),
        (["submissions", "--limit", "0"], 2, ["--limit"]),
        (["submit", "x", "monday.json"], 1, ["There is no workload 'x' here", "Hosted: tallying"]),
        (["submit", "tallying", "absent.json"], 1, ["absent.json cannot be read", "Check the path"]),
        (["submit", "tallying", "empty.json"], 1, ["empty.json is not JSON", "Correct the file"]),
        (["submit", "tallying", "list.json"], 1, ["no JSON object", "braces"]),
        (["submit", "tallying", "wrong.json"], 1, ["/document/numbers", "schema"]),
        (["submit", "tallying", "named.json"], 1, ["Add --object image=PATH"]),
        (["submit", "tallying", "monday.json", "--object", "image=list.json"], 1, ['Write "object:image"']),
        (["submit", "tallying", "named.json", "--object", "image"], 1, ["write NAME=PATH"]),
        (["submit", "tallying", "named.json", "--object", "image=absent"], 1, ["absent cannot be read"]),
        (["put", "absent"], 1, ["absent cannot be read"]),
        (["item", "7"], 1, ["item_id", "identifier"]),
        (["models", "show", "x", "1"], 1, ["x version 1", "Log it with MLflow"]),
        (["models", "history", "x"], 1, ["Log it with MLflow"]),
        (["models", "declare", "x", "1", "purpose"], 1, ["write NAME=TEXT"]),
        (["models", "promote", "x", "1", "--reason", "y"], 1, ["role operator or technical"]),
        (["audit", "replay", "7"], 1, ["item_id", "identifier"]),
        (["audit", "records", "--since", "yesterday"], 1, ["since"]),
        (["stop", "x", "--reason", "y"], 1, ["There is no workload 'x' here"]),
        (["sign-in", "--as", "nobody"], 1, ["role operator"]),
        (["sign-in", "--write-token", "f"], 1, ["--as PERSON"]),
    ],
)
def test_errors_are_one_sentence_with_its_remedy(
    samdrift: Samdrift, document: str, tmp_path: Path, arguments: list[str], status: int, words: list[str]
) -> None:
    for name, text in {"empty": "", "list": "[1]", "wrong": '{"numbers": 1}', "named": '{"x": "object:image"}'}.items():
        (tmp_path / f"{name}.json").write_text(text)
    ended = samdrift(*arguments)
    assert ended.status == status
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert all(word in ended.err for word in words), ended.err
    if status == 1:
        assert ended.err.count("\n") == 1
        assert json.loads(samdrift(*arguments, "--json").err)["error"] == ended.err.strip()


def test_nothing_is_stored_when_a_name_is_wrong(samdrift: Samdrift, plane: Control, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"objects": ["object:a", "object:b"]}')
    (tmp_path / "a").write_bytes(b"a")
    assert samdrift("submit", "tallying", "d.json", "--object", "a=a").status == 1
    assert not list(plane.settings.home.glob("objects/*/*"))


def test_without_an_installation_the_remedy_is_to_start_one(samdrift: Samdrift) -> None:
    ended = samdrift("items")
    assert ended.status == 1
    assert "samdrift up" in ended.err


def test_no_option_takes_a_secret(samdrift: Samdrift) -> None:
    for command in ("submit", "sign-in", "up", "demo", "items"):
        assert "--token" not in samdrift(command, "--help").out


def test_a_wrong_token_is_told(samdrift: Samdrift, plane: Control, home: Path) -> None:
    (home / "token").write_text("wrong")
    ended = samdrift("items")
    assert ended.status == 1
    assert "not signed in" in ended.err
