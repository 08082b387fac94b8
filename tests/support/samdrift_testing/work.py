"""Short ways to put work into a ledger and take it through its states, at times that the test chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.contract import Benefit, Effect, Item, JsonObject, Outcome, Priority, Verdict
from samdrift_platform.ledger import effects, endings, items, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.ledger.submissions import Request
from samdrift_registry.deployments import Deployment, Slot

#: A working day's start.
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=15)
WORKLOAD = "tallying"
TENANT = "demo"


def deployed(
    model: str, version: int, slot: Slot = Slot.CHAMPION, share: float = 1.0, digest: str = "ab"
) -> Deployment:
    """A version in a slot, as `deployments.current` gives it."""
    return Deployment(
        model=model,
        version=version,
        digest=f"sha256:{digest}",
        slot=slot,
        share=share,
        reason="tested",
        made_by="olga",
        made_at=NOW,
        statement=f"sha256:{model}/{version}/{slot}",
    )


#: What decides unless a test says otherwise.
TALLY = deployed("tally", 1)


class _UndoneError(Exception):
    pass


@contextmanager
def undone(ledger: Ledger) -> Iterator[sa.Connection]:
    """A transaction that fails at its very end."""
    with suppress(_UndoneError), ledger.write() as connection:
        yield connection
        raise _UndoneError


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def item(reference: str, deadline: datetime | None = None, **payload: Any) -> Item:
    return Item(reference=reference, payload=payload or {"number": 1}, deadline=deadline)


def request(reference: str, found: Sequence[Item] = (), **changes: Any) -> Request:
    """A submission of these items, or of one that is called `<reference>/1`."""
    values: dict[str, Any] = {
        "workload": WORKLOAD,
        "tenant": TENANT,
        "reference": reference,
        "document": {"about": reference},
        "items": list(found) or [item(f"{reference}/1")],
        "priority": Priority.OPERATIONAL,
        "submitted_by": "olga",
    }
    return Request(**(values | changes))


def submit(ledger: Ledger, reference: str, found: Sequence[Item] = (), *, now: datetime = NOW, **changes: Any) -> UUID:
    with ledger.write() as connection:
        return submissions.submit(connection, request(reference, found, **changes), now=now)[0]


def claim(ledger: Ledger, limit: int = 1, *, now: datetime = NOW, workload: str = WORKLOAD) -> list[Claim]:
    with ledger.write() as connection:
        return queue.claim(connection, workload=workload, worker="test", limit=limit, lease=LEASE, now=now)


def claim_one(ledger: Ledger, *, now: datetime = NOW) -> Claim:
    (claimed,) = claim(ledger, now=now)
    return claimed


def complete(ledger: Ledger, claimed: Claim, *, now: datetime = NOW, **changes: Any) -> bool:
    """Complete with the outcome that `completion` makes; whether the claim was still ours."""
    finished = [(claimed, completion(claimed.reference, **changes))]
    with ledger.write() as connection:
        return not endings.complete(connection, WORKLOAD, finished, now=now)


def completion(
    reference: str,
    *,
    verdict: Verdict = Verdict.DONE,
    steps: Sequence[str] = (),
    reason: str | None = None,
    result: Mapping[str, Any] | None = None,
    saved: Sequence[Benefit] = (),
    spent: Sequence[Benefit] = (),
    **decision: Any,
) -> Completion:
    """What the champion `TALLY` made of it; `decision` says otherwise."""
    outcome = Outcome(reference=reference, verdict=verdict, result=result or {"sum": 2}, reason=reason)
    planned = [Effect(step=step, receiver="board", request={"step": step}) for step in steps]
    decided = {"decided_by": [TALLY]} | decision
    return Completion(outcome=outcome, effects=planned, saved=saved, spent=spent, **decided)


def fail(ledger: Ledger, claimed: Claim, error: str = "out of chalk", *, now: datetime = NOW) -> None:
    with ledger.write() as connection:
        endings.fail(connection, [claimed], error, now=now)


def expire(ledger: Ledger, *, now: datetime) -> int:
    with ledger.write() as connection:
        return queue.release_expired(connection, now=now)


def take_effects(ledger: Ledger, limit: int = 10, *, now: datetime = NOW) -> list[EffectRow]:
    with ledger.write() as connection:
        return effects.claim(connection, [WORKLOAD], limit=limit, lease=LEASE, now=now)


def take_effect(ledger: Ledger, *, now: datetime = NOW) -> EffectRow:
    (effect,) = take_effects(ledger, 1, now=now)
    return effect


def deliver(ledger: Ledger, effect: EffectRow, answer: JsonObject | None = None, *, now: datetime = NOW) -> bool:
    with ledger.write() as connection:
        return effects.delivered(connection, effect, answer or {"ok": True}, now=now)


def look(ledger: Ledger, identifier: UUID) -> WorkItem:
    with ledger.read() as connection:
        return items.get(connection, identifier)


def all_items(ledger: Ledger) -> list[WorkItem]:
    with ledger.read() as connection:
        return items.find(connection, limit=100_000)


def states(ledger: Ledger) -> dict[str, str]:
    """Reference -> state."""
    return {found.reference: str(found.state) for found in all_items(ledger)}
