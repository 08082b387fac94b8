from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from samdrift_platform.ledger import inbox
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.question import Deciders
from samdrift_testing import asking
from samdrift_testing.asking import FOUR_EYES
from samdrift_testing.command_line import Samdrift
from samdrift_testing.control import Control


@pytest.fixture(autouse=True)
def operator(plane: Control) -> None:
    plane.app.state.governance.prepare([], now=datetime.now(UTC))


def test_the_inbox_is_listed_and_one_item_shown_with_how_to_decide_it(plane: Control, samdrift: Samdrift) -> None:
    item = asking.ask(plane.ledger, steps=("open",))
    listed = samdrift("inbox", "list")
    assert listed.status == 0, listed.err
    for part in (str(item), "Shall the bill be paid?", "pay", "OVERDUE", "0 of 1"):
        assert part in listed.out
    shown = samdrift("inbox", "show", str(item)).out
    for part in ("The amount is above the limit.", "Supplier: DK16356706", "delivered", "Pay it", "heat, food"):
        assert part in shown
    assert json.loads(samdrift("inbox", "list", "--code", "other", "--json").out)["questions"] == []


def test_what_is_not_set_is_as_proposed_and_is_confirmed(
    plane: Control, samdrift: Samdrift, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = asking.ask(plane.ledger)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = samdrift("inbox", "decide", str(item), "yes", "--set", "urgent=no")
    assert refused.status == 1
    assert "12.5" in refused.out
    done = samdrift("inbox", "decide", str(item), "yes", "--set", "urgent=no", "--set", "amount=13", "--yes")
    assert (done.status, done.out.strip()) == (0, "It is decided; the item goes on by itself."), done.err
    with plane.ledger.read() as connection:
        (asked,) = inbox.of_item(connection, item)
    assert asked.decision is not None
    assert asked.decision.fields == {"amount": 13, "account": "heat", "urgent": False}
    assert asked.decision.people == ("operator",)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("perhaps",), "none of the choices: yes, no"),
        (("no",), "Why: this must be filled in"),
        (("yes", "--set", "urgent=no", "--set", "amount=many"), "write a number"),
        (("yes", "--set", "urgent"), "NAME=VALUE"),
        (("yes", "--set", "colour=red", "--set", "urgent=no"), "no field 'colour'"),
    ],
)
def test_what_does_not_fit_is_said(plane: Control, samdrift: Samdrift, arguments: tuple[str, ...], told: str) -> None:
    item = asking.ask(plane.ledger)
    ended = samdrift("inbox", "decide", str(item), *arguments, "--yes")
    assert ended.status == 1
    assert told in ended.err


def test_the_comment_is_read_from_standard_input(
    plane: Control, samdrift: Samdrift, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = asking.ask(plane.ledger, FOUR_EYES)
    monkeypatch.setattr("sys.stdin", io.StringIO("A long story.\n"))
    done = samdrift("inbox", "decide", str(item), "no", "--set", "why=Paid before.", "--comment", "-", "--yes")
    assert "by somebody else" in done.out, done.err
    assert "A long story." in samdrift("inbox", "show", str(item)).out


def test_a_stopped_effect_is_settled_and_nothing_is_left_to_decide(plane: Control, samdrift: Samdrift) -> None:
    item = asking.stop(plane.ledger, EffectState.UNKNOWN)
    assert "give_up" in samdrift("inbox", "show", str(item)).out
    done = samdrift("inbox", "decide", str(item), "happened", "--set", "seen=It is in their list.", "--yes", "--json")
    assert json.loads(done.out)["decision"]["people"] == ["operator"], done.err
    again = samdrift("inbox", "decide", str(item), "happened", "--yes")
    assert "Nothing is to be decided" in again.err


def test_the_replay_of_an_item_says_who_decided_what(plane: Control, samdrift: Samdrift) -> None:
    item = asking.ask(plane.ledger)
    asking.decide(plane.ledger, item, "no", why="Paid before.")
    told = samdrift("audit", "replay", str(item))
    assert told.status == 0, told.out
    for part in ("karen", "pay", "Paid before."):
        assert part in told.out


def test_who_decides_is_shown_and_others_are_refused(plane: Control, samdrift: Samdrift) -> None:
    asked = replace(asking.PAY, deciders=Deciders(units=("finance",)))
    item = asking.ask(plane.ledger, asked)
    assert "Nothing waits for you." in samdrift("inbox", "list").out
    assert str(item) in samdrift("inbox", "list", "--everyones").out
    assert "decided by: finance" in samdrift("inbox", "show", str(item)).out
    refused = samdrift("inbox", "decide", str(item), "no", "--set", "why=Paid before.", "--yes")
    assert "it takes the unit finance" in refused.err
    appointed = samdrift("people", "appoint", "operator", "--role", "operator", "--unit", "finance")
    assert appointed.status == 0, appointed.err
    assert samdrift("inbox", "decide", str(item), "no", "--set", "why=Paid before.", "--yes").status == 0
