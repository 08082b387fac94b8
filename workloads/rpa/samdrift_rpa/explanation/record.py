"""Everything that the ledger holds about one case, as an explanation and a replay need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from samdrift_platform.contract import Item, Question, Verdict
from samdrift_platform.errors import NotFoundError
from samdrift_platform.evidence.decisions import decision
from samdrift_platform.ledger import audit, effects, items
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import questions, work_items
from samdrift_platform.question import Decision, Earlier, question_from_json
from samdrift_rpa.statistics import WORKLOAD

#: Events of one case that are read: far more than any has.
_MOST_EVENTS = 10_000


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """What people were asked about a case, and what they decided."""

    question: Question
    asked_at: datetime
    closed_at: datetime | None
    decision: Decision | None


@dataclass(frozen=True, kw_only=True)
class CaseRecord:
    """One case."""

    item: WorkItem
    asked: Sequence[AskedQuestion]
    effects: Sequence[EffectRow]
    #: How often a decision let it go on.
    rounds: int
    #: Attempts that ended with an error of ours.
    failures: int
    #: What the last round found; None: no round has ended.
    verdict: Verdict | None
    #: The last round took no step, because the workload was stopped, or because the person had objected.
    safe: bool
    objected: bool
    #: When retention took its content away; None: it is there.
    erased_at: datetime | None

    @property
    def process(self) -> str:
        """Name of its process."""
        return str(self.item.payload.get("process") or self.item.reference.partition("/")[0])

    def as_it_was(self) -> Item:
        """The item as it went into its last round: with what had been decided and answered when that began."""
        began = self.item.started_at if self.rounds else None  # nothing came before the first round
        decided = [each.decision for each in self.asked if each.decision and _before(each.closed_at, began)]
        answers = {
            effect.step: dict(effect.answer or {})
            for effect in self.effects
            if effect.state is EffectState.DELIVERED and _before(effect.finished_at, began)
        }
        return Item(
            reference=self.item.reference,
            payload=self.item.payload,
            deadline=self.item.deadline,
            earlier=Earlier(decisions=tuple(decided), answers=answers),
        )


def record_of(connection: sa.Connection, item_id: UUID) -> CaseRecord:
    """The case of that item; NotFoundError when there is none."""
    item = items.get(connection, item_id)
    if item.workload != WORKLOAD:
        raise NotFoundError(f"There is no case {item_id}: that item is of {item.workload}.")
    events = audit.events_of(connection, f"item:{item_id}", limit=_MOST_EVENTS)
    decided = decision(events)
    details = decided.details if decided else {}
    kept = sa.select(work_items.c.rounds, work_items.c.erased_at).where(work_items.c.id == item_id)
    rounds, erased_at = connection.execute(kept).one()
    return CaseRecord(
        item=item,
        asked=_asked(connection, item_id),
        effects=effects.of_item(connection, item_id),
        failures=sum(event.action in ("item.attempt_failed", "item.failed") for event in events),
        verdict=Verdict(details["verdict"]) if details else None,
        safe=bool(details.get("safe")),
        objected=bool(details.get("objected")),
        rounds=rounds,
        erased_at=erased_at,
    )


def record_to_json(record: CaseRecord) -> dict[str, Any]:
    """As it travels to `samdrift rpa replay`, which runs elsewhere."""
    value: dict[str, Any] = _RECORD.dump_python(record, mode="json")
    return value


def record_from_json(value: Mapping[str, Any]) -> CaseRecord:
    """The reverse."""
    return _RECORD.validate_python(value)


_DECISION = TypeAdapter(Decision)
_RECORD = TypeAdapter(CaseRecord)


def _asked(connection: sa.Connection, item_id: UUID) -> list[AskedQuestion]:
    query = sa.select(questions).where(questions.c.item_id == item_id).order_by(questions.c.seq)
    return [
        AskedQuestion(
            question=question_from_json(row["document"]),
            asked_at=row["asked_at"],
            closed_at=row["closed_at"],
            decision=None if row["decision"] is None else _DECISION.validate_python(row["decision"]),
        )
        for row in connection.execute(query).mappings()
    ]


def _before(moment: datetime | None, began: datetime | None) -> bool:
    return moment is not None and began is not None and moment < began
