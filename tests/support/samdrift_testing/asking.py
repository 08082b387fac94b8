"""Items that ask a person something, put into a ledger in the shortest way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from samdrift_platform.contract import Effect, Question, Verdict
from samdrift_platform.ledger import effects, endings, inbox
from samdrift_platform.ledger.asked import Asked, Ruling
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind
from samdrift_testing.work import LEASE, NOW, WORKLOAD, claim, completion, item, submit

WHY = DecisionField(name="why", label={"da": "Hvorfor", "en": "Why"}, kind=FieldKind.TEXT)
AMOUNT = DecisionField(
    name="amount", label={"da": "Beløb i kroner", "en": "Amount in DKK"}, kind=FieldKind.NUMBER, proposed=12.5
)
ACCOUNT = DecisionField(
    name="account",
    label={"da": "Konto", "en": "Account"},
    kind=FieldKind.ONE_OF,
    options={
        "heat": {"da": "Varme", "en": "Heat"},
        "food": {"da": "Mad", "en": "Food"},
    },
    proposed="heat",
)
PAID_ON = DecisionField(
    name="paid_on", label={"da": "Betales den", "en": "Pay on"}, kind=FieldKind.DATE, required=False
)
URGENT = DecisionField(name="urgent", label={"da": "Haster det", "en": "Is it urgent"}, kind=FieldKind.YES_NO)
#: Asks for a field of each kind.
PAY = Question(
    code="pay",
    title={"da": "Skal regningen betales?", "en": "Shall the bill be paid?"},
    reasons=({"da": "Beløbet er over grænsen.", "en": "The amount is above the limit."},),
    choices=(
        Choice(code="yes", label={"da": "Betal den", "en": "Pay it"}, fields=(AMOUNT, ACCOUNT, PAID_ON, URGENT)),
        Choice(code="no", label={"da": "Afvis den", "en": "Refuse it"}, fields=(WHY,)),
    ),
    facts=(Fact(label={"da": "Leverandør", "en": "Supplier"}, value="DK16356706"),),
    answer_within=timedelta(hours=2),
)
#: A way to answer `yes` that fits.
YES: dict[str, Any] = {"amount": 12.5, "account": "heat", "urgent": False}
FOUR_EYES = replace(PAY, people=2)


def ask(
    ledger: Ledger,
    question: Question = PAY,
    *,
    reference: str = "bill",
    steps: Sequence[str] = (),
    now: datetime = NOW,
    workload: str = WORKLOAD,
) -> UUID:
    """An item that waits for a person, its effects so far delivered."""
    claimed = _claimed(ledger, workload, reference, now)
    made = completion(claimed.reference, verdict=Verdict.WAITING_FOR_PERSON, decided_by=())
    planned = [Effect(step=step, receiver="board", request={"step": step}) for step in steps]
    made = replace(made, effects=planned, outcome=replace(made.outcome, question=question, reason="Above the limit."))
    with ledger.write() as connection:
        assert endings.complete(connection, workload, [(claimed, made)], now=now) == []
    for _ in steps:
        with ledger.write() as connection:
            (effect,) = effects.claim(connection, [workload], limit=1, lease=LEASE, now=now)
            assert effects.delivered(connection, effect, {"id": "17"}, now=now)
    return claimed.id


def stop(
    ledger: Ledger,
    state: EffectState = EffectState.UNKNOWN,
    *,
    reference: str = "bill",
    steps: Sequence[str] = ("pay",),
    now: datetime = NOW,
    workload: str = WORKLOAD,
) -> UUID:
    """An item whose first effect was refused, or of which nobody can tell whether it happened."""
    claimed = _claimed(ledger, workload, reference, now)
    with ledger.write() as connection:
        made = completion(claimed.reference, steps=steps, decided_by=())
        endings.complete(connection, workload, [(claimed, made)], now=now)
        (effect,) = effects.claim(connection, [workload], limit=1, lease=LEASE, now=now)
        assert effects.stopped(connection, effect, state, "no such account", now=now)
    return claimed.id


def _claimed(ledger: Ledger, workload: str, reference: str, now: datetime) -> Claim:
    """A new item in a worker's hands, whatever else is queued."""
    submit(ledger, reference, [item(reference)], now=now, workload=workload)
    found = claim(ledger, 1_000, now=now, workload=workload)
    (claimed,) = [each for each in found if each.reference == reference]
    return claimed


def decide(
    ledger: Ledger,
    item_id: UUID,
    choice: str,
    *,
    by: str = "karen",
    code: str = "",
    now: datetime = NOW,
    comment: str = "",
    **fields: Any,
) -> Asked:
    """Decide the item's open question (or the one called `code`)."""
    with ledger.write() as connection:
        code = code or next(a.question.code for a in inbox.of_item(connection, item_id) if a.closed_at is None)
        ruling = Ruling(question=code, choice=choice, fields=fields, comment=comment)
        return inbox.decide(connection, item_id, ruling, actor=by, now=now)
