"""Questions as they are put into the ledger and taken out of it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.contract import Question
from samdrift_platform.cpr import mask_value
from samdrift_platform.effect_question import PREFIX
from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.items import FAR_AWAY
from samdrift_platform.ledger.tables import questions
from samdrift_platform.question import question_to_json


def ask(connection: sa.Connection, asked: Iterable[tuple[UUID, Question]], *, now: datetime) -> None:
    """Record questions with what asks them. A question that stands already stays as it is."""
    rows = [
        {
            "item_id": item_id,
            "code": question.code,
            "document": mask_value(question_to_json(question)),
            "people": question.people,
            "audience": question.deciders.audience,
            "asked_at": now,
            "due": now + question.answer_within if question.answer_within else FAR_AWAY,
        }
        for item_id, question in asked
    ]
    insert_new(connection, questions, rows)


def close(connection: sa.Connection, item_ids: Sequence[UUID], *, now: datetime) -> None:
    """Nobody need decide any more: these items were cancelled, or given up."""
    _close(connection, questions.c.item_id.in_(item_ids), now)


def close_about_effects(connection: sa.Connection, item_id: UUID, *, now: datetime) -> None:
    """Nobody need settle this item's effect any more: its receiver is asked again."""
    _close(connection, sa.and_(questions.c.item_id == item_id, questions.c.code.startswith(PREFIX)), now)


def _close(connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    connection.execute(sa.update(questions).where(which, questions.c.closed_at.is_(None)).values(closed_at=now))
