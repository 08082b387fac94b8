"""One decision, held against what was recorded: intact, and with each part changed behind the ledger's back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Benefit
from samdrift_platform.evidence.replay import Replay, replay
from samdrift_platform.ledger import truths
from samdrift_platform.ledger.tables import effects, signatures, work_items
from samdrift_registry.deployments import Slot
from samdrift_registry.proof import report_path
from samdrift_testing import work
from samdrift_testing.governing import MODEL, Office

SAVED = Benefit(measure="readings", quantity=1.0, unit="reading", method="counted")


@pytest.fixture
def item(office: Office) -> UUID:
    """Decided by the champion, delivered, with a benefit and a score."""
    office.serve(1)
    ledger, champion = office.ledger, office.governance.deployments()[MODEL, Slot.CHAMPION]
    now = champion.made_at + timedelta(seconds=5)
    work.submit(ledger, "r", [work.item("r/1", number=7, part=-0.0)], now=now)
    claimed = work.claim_one(ledger, now=now)
    made: dict[str, Any] = {"decided_by": [champion], "scores": {"sum": 0.25}, "saved": [SAVED]}
    work.complete(ledger, claimed, now=now, steps=["tell"], result={"sum": 7, "share": -0.0, "far": 1e16}, **made)
    work.deliver(ledger, work.take_effect(ledger, now=now), {"ticket": "t-1"}, now=now)
    return claimed.id


def seen(office: Office, item: UUID) -> Replay:
    with office.ledger.read() as connection:
        return replay(connection, office.home, item)


def test_a_decision_that_nobody_touched_agrees_with_its_record(office: Office, item: UUID) -> None:
    found = seen(office, item)
    assert found.mismatches == ()
    assert (found.input.matches, found.result.matches) == (True, True)
    assert str(found.input.recorded).startswith("hmac-sha256:")
    (version,) = found.models
    assert (version.model, version.version, version.slot, version.policy) == (MODEL, 1, "champion", "guessing/1")
    assert [(approval.person, approval.role) for approval in version.approvals] == [
        ("clara", "clinical"),
        ("tim", "technical"),
    ]
    assert [(score.name, score.value, score.slot) for score in found.scores] == [("sum", 0.25, "champion")]
    assert [(effect.step, effect.state, effect.answer) for effect in found.effects] == [
        ("tell", "delivered", {"ticket": "t-1"})
    ]
    assert [saved.measure for saved in found.benefits] == ["readings"]
    assert [event.action for event in found.events] == [
        "submission.received",
        "item.processed",
        "effect.delivered",
        "item.done",
    ]


def test_the_approvals_shown_are_those_on_which_it_served_then(office: Office, item: UUID) -> None:
    office.now += timedelta(days=1)
    office.governance.withdraw(MODEL, 1, "second thoughts", actor="tim", now=office.now)
    found = seen(office, item)
    assert [approval.person for approval in found.models[0].approvals] == ["clara", "tim"]
    assert found.mismatches == ()


def change(table: sa.Table, item: UUID, **values: Any) -> Callable[[Office], None]:
    def apply(office: Office) -> None:
        own = table.c.id == item if "id" in table.c else table.c.item_id == item
        with office.ledger.write() as connection:
            connection.execute(sa.update(table).where(own).values(**values))

    return apply


CHANGES: dict[str, tuple[sa.Table, dict[str, Any], str]] = {
    "payload": (work_items, {"payload": {"number": 8}}, "The input that is kept is not the one that was recorded"),
    "result": (work_items, {"result": {"sum": 8}}, "The result that is kept is not the one that was recorded"),
    "salt": (work_items, {"salt": "00" * 16}, "The input that is kept is not the one that was recorded"),
    "models": (work_items, {"models": {}}, "The item names the models {}"),
    "state": (work_items, {"state": "rejected"}, "The item is rejected, but no event says so."),
    "effect": (effects, {"state": "refused"}, "The effect tell is refused, but no event says so."),
    "effect taken back": (effects, {"state": "planned"}, "an event says that it was delivered"),
    "effect renamed": (effects, {"step": "shout"}, "The effects ['shout'] are kept; ['tell'] were planned."),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_does_not_match_is_named(office: Office, item: UUID, what: str) -> None:
    table, values, said = CHANGES[what]
    change(table, item, **values)(office)
    assert any(said in mismatch for mismatch in seen(office, item).mismatches)


def test_an_erased_item_says_nothing_and_accuses_nobody(office: Office, item: UUID) -> None:
    change(work_items, item, salt="", payload={}, result={})(office)
    found = seen(office, item)
    assert (found.input.matches, found.result.matches) == (None, None)
    assert found.mismatches == ()


def test_a_report_that_was_edited_later_is_named(office: Office, item: UUID) -> None:
    report = seen(office, item).models[0].report
    assert report is not None
    path = report_path(office.home, report)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    assert any("is not the file that was signed" in each for each in seen(office, item).mismatches)


def test_a_version_that_nobody_had_deployed_is_named(office: Office) -> None:
    office.serve(1)
    work.submit(office.ledger, "r")
    claimed = work.claim_one(office.ledger)
    work.complete(office.ledger, claimed, decided_by=[work.deployed(MODEL, 9)])
    (fault,) = seen(office, claimed.id).mismatches
    assert "oracle version 9 (sha256:ab) decided, but no statement had deployed it then" in fault


def test_a_version_that_was_rolled_back_long_before_is_named(office: Office) -> None:
    office.serve(1)
    old = office.governance.deployments()[MODEL, Slot.CHAMPION]
    office.now += timedelta(hours=1)
    office.serve(2)
    later = office.now + timedelta(hours=1)
    work.submit(office.ledger, "r", now=later)
    claimed = work.claim_one(office.ledger, now=later)
    work.complete(office.ledger, claimed, now=later, decided_by=[old])
    assert "no statement had deployed it then" in seen(office, claimed.id).mismatches[0]


def test_a_journal_that_was_tampered_with_is_named(office: Office, item: UUID) -> None:
    drop = (
        ["DROP TRIGGER signatures_append_only ON signatures"]
        if office.ledger.engine.dialect.name == "postgresql"
        else ["DROP TRIGGER signatures_no_update"]
    )
    with office.ledger.engine.begin() as connection:
        for statement in drop:
            connection.exec_driver_sql(statement)
        connection.execute(sa.update(signatures).where(signatures.c.seq == 3).values(signature="00" * 64))
    assert "The journal of statements cannot be trusted" in seen(office, item).mismatches[-1]


def test_a_decision_about_somebody_who_objected_says_so(office: Office) -> None:
    work.submit(office.ledger, "r")
    claimed = work.claim_one(office.ledger)
    work.complete(office.ledger, claimed, decided_by=[], safe=True, objected=True)
    found = seen(office, claimed.id)
    assert (found.safe, found.objected, found.models, found.mismatches) == (True, True, (), ())


def test_a_decision_of_the_safe_state_has_no_model(office: Office) -> None:
    work.submit(office.ledger, "r")
    claimed = work.claim_one(office.ledger)
    work.complete(office.ledger, claimed, decided_by=[], safe=True)
    found = seen(office, claimed.id)
    assert (found.safe, found.models, found.mismatches) == (True, (), ())


def test_an_item_that_waits_has_no_decision_yet(office: Office) -> None:
    work.submit(office.ledger, "r")
    found = seen(office, work.all_items(office.ledger)[0].id)
    assert (found.decided_at, found.input.recorded, found.mismatches) == (None, None, ())


def test_delayed_truth_is_shown(office: Office, item: UUID) -> None:
    with office.ledger.write() as connection:
        for value in (0.0, 1.0):
            truths.record(
                connection,
                item,
                name="sum",
                value=value,
                source="count",
                observed_at=work.NOW,
                actor="anna",
                now=work.NOW,
            )
    assert seen(office, item).truths == {"sum": 1.0}
