from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from samdrift_platform.errors import InputError, NotFoundError, SamdriftError
from samdrift_platform.ledger import effects
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.looking import READ
from samdrift_rpa import processes, submission
from samdrift_rpa.commands import app, explain, pause, replay, run, stats
from samdrift_rpa.explanation.replay import ReplayError
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.robot_plane import RobotPlane, robot_plane

Command = Callable[..., Result]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `samdrift rpa …` where the errands are installed; a SamdriftError is raised."""
    monkeypatch.setattr(processes, "installed", lambda: {errands.name: errands})
    monkeypatch.setenv("COLUMNS", "200")

    def run_it(*arguments: object) -> Result:
        ended = CliRunner().invoke(app, [str(each) for each in arguments])
        if isinstance(ended.exception, SamdriftError):
            raise ended.exception
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended

    return run_it


@pytest.fixture
def plane(tmp_path: Path, sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[RobotPlane]:
    with robot_plane(tmp_path / "home", sqlite_ledger) as running:
        for module in (explain, pause, replay, run, stats):
            monkeypatch.setattr(module, "connect", running.client)
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    def write(**contents: bytes) -> list[Path]:
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
            os.utime(tmp_path / name, (1_795_000_000, 1_795_000_000))
        return [tmp_path / name for name in contents]

    return write


MILK, BICYCLE, BAD = errand("milk", 12), errand("bicycle", 4_000), b"not JSON"


def test_a_dry_run_makes_nothing_and_needs_no_platform(command: Command, files: Callable[..., list[Path]]) -> None:
    ended = command("run", "errands", *files(milk=MILK, bicycle=BICYCLE, bad=BAD), "--dry-run")
    assert ended.exit_code == 1
    assert "nothing is made" in ended.stdout
    assert "would be made: Bought (buy at shop)" in ended.stdout
    assert "a person would be asked allow: May it be bought?" in ended.stdout
    assert "--decide allow=no: No" in ended.stdout
    assert "The errand is not JSON. (unreadable)" in ended.stdout


def test_a_dry_run_tells_programs_everything(command: Command, files: Callable[..., list[Path]]) -> None:
    ended = command("run", "errands", *files(bicycle=BICYCLE), "--dry-run", "--decide", "allow=yes", "--json")
    (told,) = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert told["verdict"] == "done"
    assert [effect["step"] for effect in told["effects"]] == ["order", "buy", "tell"]
    assert told["facts"] == {"price": 4_000}


def test_a_dry_run_goes_on_after_a_step_that_fails(command: Command, files: Callable[..., list[Path]]) -> None:
    ended = command("run", "errands", *files(odd=b"[]", milk=MILK), "--dry-run")
    assert "A step failed: TypeError" in ended.stdout
    assert "milk: done" in ended.stdout


@pytest.mark.parametrize(("decided", "told"), [("allow", "names no question"), ("allow=maybe", "none of the choices")])
def test_a_decision_that_is_none_is_refused(
    command: Command, files: Callable[..., list[Path]], decided: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        command("run", "errands", *files(bicycle=BICYCLE), "--dry-run", "--decide", decided)


def test_nobody_decides_for_real_by_the_way(command: Command, files: Callable[..., list[Path]]) -> None:
    with pytest.raises(InputError, match="goes with --dry-run"):
        command("run", "errands", *files(bicycle=BICYCLE), "--decide", "allow=yes")


def test_a_process_that_is_not_installed_is_named(command: Command, files: Callable[..., list[Path]]) -> None:
    with pytest.raises(NotFoundError, match="Installed: errands"):
        command("run", "erands", *files(milk=MILK), "--dry-run")


@pytest.mark.usefixtures("plane")
def test_a_run_ends_as_its_cases_do(command: Command, files: Callable[..., list[Path]]) -> None:
    assert command("run", "errands", *files(milk=MILK)).exit_code == 0
    ended = command("run", "errands", *files(milk=MILK, bicycle=BICYCLE, bad=BAD))
    assert ended.exit_code == 1
    assert "1 done, 1 rejected, 1 waiting_for_person." in ended.stdout
    assert "samdrift inbox list" in ended.stdout


def test_the_same_files_again_are_the_same_submission(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    first = json.loads(command("run", "errands", *files(milk=MILK), "--json").stdout)
    again = json.loads(command("run", "errands", *files(milk=MILK), "--json").stdout)
    assert first == again
    assert len(plane.desk.items()) == 1


@pytest.mark.parametrize("named", [(), ("--reference", "monday")], ids=["by content", "by name"])
def test_more_cases_than_one_submission_has_are_several(
    command: Command,
    files: Callable[..., list[Path]],
    plane: RobotPlane,
    named: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(submission, "MOST_CASES", 2)
    errands = {f"n{number}": errand(f"milk {number}", 12) for number in range(5)}
    told = json.loads(command("run", "errands", *files(**errands), *named, "--json").stdout)
    assert [each["total"] for each in told["submissions"]] == [2, 2, 1]
    assert [each["reference"].partition("(")[2] for each in told["submissions"]] == ["1 of 3)", "2 of 3)", "3 of 3)"]
    assert json.loads(command("run", "errands", *files(**errands), *named, "--json").stdout) == told
    assert len(plane.desk.items()) == len({item["id"] for item in told["items"]}) == len(errands)


def decided_case(command: Command, files: Callable[..., list[Path]], plane: RobotPlane, choice: str = "yes") -> str:
    command("run", "errands", *files(bicycle=BICYCLE))
    (item,) = plane.desk.items()
    fields: dict[str, Any] = {"why": "too dear"} if choice == "no" else {}
    plane.desk.decide(item.id, "allow", choice, **fields)
    plane.work()
    return str(item.id)


def test_an_explanation_says_what_decided_and_what_happened(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    item = decided_case(command, files, plane, "no")
    told = command("explain", item).stdout
    for sentence in (
        "Step 3: Decide whether it may be bought.",
        "This step rejected it (refused): A person refused it.",
        "a person was asked: May it be bought?",
        "The reason: It is dear.",
        "olga decided: No.",
        "Ordered (shop): happened at ",
        "Told (shop): happened at ",
    ):
        assert sentence in told, told
    danish = command("explain", item, "--language", "da").stdout
    for sentence in ("Trin 3: Afgør om det må købes.", "afgjorde olga: Nej.", "Bestilt (shop): skete "):
        assert sentence in danish, danish


def test_an_unknown_effect_is_explained(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RobotPlane, "work", lambda self, seconds=0.0: stop_first(self))
    command("run", "errands", *files(milk=MILK))
    (item,) = plane.desk.items()
    assert "Ordered (shop): nobody can tell whether it happened" in command("explain", item.id).stdout


def stop_first(plane: RobotPlane) -> None:
    now = datetime.now(UTC)
    plane.desk.work(now=now)
    plane.desk.deliver(now=now, stop=EffectState.UNKNOWN)


def test_a_replay_gives_the_same(command: Command, files: Callable[..., list[Path]], plane: RobotPlane) -> None:
    item = decided_case(command, files, plane)
    ended = command("replay", item)
    assert ended.exit_code == 0, ended.stdout
    assert "the same again: done, the same facts, 3 effects" in ended.stdout


def test_a_replay_of_a_waiting_case_asks_the_same(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    command("run", "errands", *files(bicycle=BICYCLE))
    (item,) = plane.desk.items()
    found = json.loads(command("replay", item.id, "--json").stdout)
    assert found["same"], found["differences"]


def test_a_replay_shows_what_came_out_otherwise(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    item = decided_case(command, files, plane)
    with plane.desk.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE work_items SET result = replace(result, '4000', '4001')")
        connection.exec_driver_sql("UPDATE effects SET request = replace(request, 'bought', 'sold')")
    ended = command("replay", item, "--json")
    assert ended.exit_code == 1
    found = {each["where"]: each for each in json.loads(ended.stdout)["differences"]}
    assert (found["facts.price"]["recorded"], found["facts.price"]["replayed"]) == (4_001, 4_000)
    assert found["effects.tell.request"]["recorded"] == {"what": "sold"}


def test_a_replay_shows_what_is_asked_otherwise(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    command("run", "errands", *files(bicycle=BICYCLE))
    (item,) = plane.desk.items()
    with plane.desk.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE questions SET document = replace(document, 'It is dear.', 'It is cheap.')")
    (found,) = json.loads(command("replay", item.id, "--json").stdout)["differences"]
    assert found["where"] == "question.allow.reasons"
    assert (found["recorded"][0]["en"], found["replayed"][0]["en"]) == ("It is cheap.", "It is dear.")


def audited(plane: RobotPlane) -> list[str]:
    with plane.desk.ledger.read() as connection:
        return list(connection.exec_driver_sql("SELECT action FROM audit_events ORDER BY seq").scalars())


def test_a_replay_makes_and_stores_nothing(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = decided_case(command, files, plane)
    before = audited(plane)
    monkeypatch.setattr(plane.app.state.store, "put", forbidden)
    monkeypatch.setattr(effects, "claim", forbidden)
    assert command("replay", item).exit_code == 0
    assert audited(plane)[len(before) :] == [READ]  # its document was opened


def forbidden(*_: Any, **__: Any) -> None:
    raise AssertionError("a replay makes nothing")


def test_what_was_erased_cannot_be_replayed(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    item = decided_case(command, files, plane)
    with plane.desk.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE work_items SET erased_at = queued_at")
    with pytest.raises(ReplayError, match="its content was erased"):
        command("replay", item)


def test_what_no_robot_has_looked_at_cannot_be_replayed(command: Command, plane: RobotPlane) -> None:
    plane.desk.submit("later", "errands", [{"document": plane.desk.store.put(MILK)}])
    (item,) = plane.desk.items()
    with pytest.raises(ReplayError, match="no round of it has ended"):
        command("replay", item.id)


def test_statistics_for_people_and_programs(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    command("run", "errands", *files(milk=MILK, bicycle=BICYCLE, bad=BAD))
    shown = command("stats").stdout
    assert "not measured" in shown
    assert "unreadable" in shown
    (told,) = json.loads(command("stats", "--process", "errands", "--json").stdout)["processes"]
    assert told["states"] == {"done": 1, "rejected": 1, "waiting_for_person": 1}
    rows = list(csv.DictReader(io.StringIO(command("stats", "--csv").stdout)))
    assert all(row["method"] for row in rows)
    (none,) = json.loads(command("stats", "--to", "2020-01-01", "--json").stdout)["processes"]
    assert none["received"] == 0
    with pytest.raises(NotFoundError, match="There are: errands"):
        command("stats", "--process", "erands")


def test_a_paused_process_begins_nothing_until_it_is_resumed(
    command: Command, files: Callable[..., list[Path]], plane: RobotPlane
) -> None:
    assert "errands is paused." in command("pause", "errands", "--reason", "The shop moves.").stdout
    document = {"process": "errands", "cases": [{"document": plane.desk.store.put(MILK)}]}
    plane.desk.submit("later", "errands", document["cases"])  # type: ignore[arg-type]  # a list of cases
    assert plane.desk.work() == 0
    assert "goes on" in command("resume", "errands", "--reason", "It has moved.").stdout
    assert plane.desk.work() == 1


def test_the_list_says_what_a_process_may_do(command: Command) -> None:
    assert "order, buy, tell" in command("list").stdout
    (told,) = json.loads(command("list", "--json").stdout)
    assert told["legal_basis"] == "GDPR art. 6(1)(e)"
