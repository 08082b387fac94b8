"""Questions as they are read: with the item that they are about, and what each person said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import JsonValue, TypeAdapter

from samdrift_platform.contract import Question
from samdrift_platform.effect_question import step_of
from samdrift_platform.ledger.items import FAR_AWAY
from samdrift_platform.ledger.tables import decisions, questions, work_items
from samdrift_platform.parts import Particulars
from samdrift_platform.question import Decision, FieldKind, question_from_json

DECISION = TypeAdapter(Decision)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What one person says about one question."""

    question: str
    choice: str
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Given:
    """A ruling as it was recorded."""

    ruling: Ruling
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question about an item, with what people said so far."""

    item_id: UUID
    workload: str
    lane: str
    reference: str
    question: Question
    asked_at: datetime
    #: When it is escalated; None: it may wait.
    due: datetime | None
    escalated_at: datetime | None
    #: Decided, or its item was cancelled or given up; None: open.
    closed_at: datetime | None
    decision: Decision | None
    #: Oldest first.
    given: Sequence[Given] = ()
    #: By which its workload designates the item.
    item: Particulars = field(default_factory=Particulars)

    @property
    def step(self) -> str | None:
        """The stopped effect that it is about; None: it is the workload's own question."""
        return step_of(self.question.code)

    @property
    def newest(self) -> list[Given]:
        """Of each person the newest ruling, in the order in which they were made. `Anna` and `anna` are one person."""
        newest: dict[str, Given] = {}
        for given in self.given:
            person = given.decided_by.strip().casefold()
            newest.pop(person, None)
            newest[person] = given
        return [*newest.values()]

    @property
    def agreeing(self) -> list[Given]:
        """The newest ruling, and those of others that agree with it, oldest first; each person counts once."""
        said = self.newest
        return [given for given in said if self._same(given.ruling, said[-1].ruling)]

    def is_overdue(self, now: datetime) -> bool:
        """Open for longer than it may be."""
        return self.closed_at is None and self.due is not None and self.due <= now

    def _same(self, one: Ruling, other: Ruling) -> bool:
        """The same choice and the same in every field but texts."""
        if one.choice != other.choice:
            return False
        choice = next(each for each in self.question.choices if each.code == one.choice)
        compared = [each.name for each in choice.fields if each.kind is not FieldKind.TEXT]
        return all(one.fields.get(name) == other.fields.get(name) for name in compared)


#: Whatever is read is a narrower form of this.
_OF_ITEM = tuple(work_items.c[name] for name in ("workload", "lane", "reference", "payload", "result", "deadline"))
SELECT = sa.select(questions, *_OF_ITEM).join(work_items, work_items.c.id == questions.c.item_id)


def read(connection: sa.Connection, query: sa.Select[Any]) -> list[Asked]:
    """What `query` finds, with the rulings."""
    rows = connection.execute(query).mappings().all()
    given: dict[tuple[UUID, str], list[Given]] = {}
    ids = {row["item_id"] for row in rows}
    said = sa.select(decisions).where(decisions.c.item_id.in_(ids)).order_by(decisions.c.seq)
    for ruling in connection.execute(said).mappings() if ids else ():
        given.setdefault((ruling["item_id"], ruling["question"]), []).append(_given(ruling))
    return [_asked(row, given.get((row["item_id"], row["code"]), ())) for row in rows]


def _given(row: Mapping[Any, Any]) -> Given:
    ruling = Ruling(**{name: row[name] for name in ("question", "choice", "fields", "comment")})
    return Given(ruling=ruling, decided_by=row["decided_by"], decided_at=row["decided_at"])


def _asked(row: Mapping[Any, Any], given: Sequence[Given]) -> Asked:
    own = ("item_id", "workload", "lane", "reference", "asked_at", "escalated_at", "closed_at")
    due = None if row["due"] == FAR_AWAY else row["due"]
    decision = DECISION.validate_python(row["decision"]) if row["decision"] is not None else None
    question = question_from_json(row["document"])
    item = Particulars(payload=row["payload"] or {}, result=row["result"] or {}, deadline=row["deadline"])
    told = {name: row[name] for name in own}
    return Asked(question=question, decision=decision, given=given, due=due, item=item, **told)
