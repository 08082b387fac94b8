"""What people are asked and decide, lanes that can be paused, and what retention took away."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from samdrift_platform.ledger.items import FAR_AWAY
from samdrift_platform.ledger.tables import Json, Serial, UtcTime

if TYPE_CHECKING:
    from samdrift_platform.contract import Question

revision = "0004"
down_revision = "0003"

_QUEUED = sa.text("state = 'queued'")
_IN_WORK = sa.text("state = 'running'")
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Items that are there already stand in the workload's one lane and were never decided about."""
    lane = sa.Column(
        "lane", sa.String(length=64), nullable=False, server_default=sa.text("''"), comment="part of the queue"
    )
    op.add_column("work_items", lane)
    rounds = sa.Column(
        "rounds", sa.Integer(), nullable=False, server_default="0", comment="how often a decision let it go on"
    )
    op.add_column("work_items", rounds)
    taken = "when retention took payload, result and requests away"
    op.add_column("work_items", sa.Column("erased_at", UtcTime(), comment=taken))
    let_go = "when retention let go of the documents that came in"
    op.add_column("work_items", sa.Column("documents_erased_at", UtcTime(), comment=let_go))
    op.drop_index("ix_work_items_queue", "work_items")
    op.create_index(
        "ix_work_items_queue",
        "work_items",
        ["workload", "lane", "urgency", "due", "seq"],
        unique=False,
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.create_index(
        "ix_work_items_in_work",
        "work_items",
        ["workload", "lane"],
        unique=False,
        sqlite_where=_IN_WORK,
        postgresql_where=_IN_WORK,
    )
    cleared = "up to this attempt it did not happen: a person said so"
    op.add_column(
        "effects", sa.Column("cleared_attempt", sa.Integer(), nullable=False, server_default="0", comment=cleared)
    )
    _create_questions()
    _create_decisions()
    _create_pauses()
    _create_expiring_objects()
    _ask_about_stopped_effects()


def _create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("document", Json, nullable=False, comment="the question as it was asked"),
        sa.Column("people", sa.SmallInteger(), nullable=False, comment="how many must decide the same"),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("due", UtcTime(), nullable=False, comment="escalated then; far away: it may wait"),
        sa.Column("escalated_at", UtcTime()),
        sa.Column("closed_at", UtcTime(), comment="decided, or its item was cancelled; NULL: open"),
        sa.Column("decision", Json, comment="what holds, once decided"),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_questions_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_questions"),
        sa.UniqueConstraint("item_id", "code", name="uq_questions_item_id_code"),
        comment="what people are asked about items",
    )
    op.create_index(
        "ix_questions_open", "questions", ["due", "seq"], unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(length=80), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_decisions_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_decisions"),
        comment="what each person said; the newest of a person and question counts",
    )
    op.create_index("ix_decisions_item_id", "decisions", ["item_id", "seq"])


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("paused_by", sa.String(length=200), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workload", "lane", name="pk_pauses"),
        comment="lanes from which nothing is claimed until somebody resumes them",
    )


def _create_expiring_objects() -> None:
    removed = "removed then, unless something living refers to it"
    op.create_table(
        "expiring_objects",
        sa.Column("reference", sa.String(length=71), nullable=False, comment="of a stored object"),
        sa.Column("until", UtcTime(), nullable=False, comment=removed),
        sa.PrimaryKeyConstraint("reference", name="pk_expiring_objects"),
        comment="objects that erased items named",
    )
    op.create_index("ix_expiring_objects_until", "expiring_objects", ["until"])


def _ask_about_stopped_effects() -> None:
    """Items that wait with a refused or unknown effect stand in the inbox from now on; what they wait for is as old."""
    from samdrift_platform.effect_question import effect_question

    columns: list[sa.ColumnClause[Any]] = [sa.column("item_id", sa.Uuid()), sa.column("finished_at", UtcTime())]
    columns += [sa.column(name) for name in ("step", "receiver", "attempt", "state")]
    stopped = sa.select(*columns).select_from(sa.table("effects"))
    for row in op.get_bind().execute(stopped.where(sa.column("state").in_(["refused", "unknown"]))).all():
        question = effect_question(row.step, row.receiver, row.attempt, refused=row.state == "refused")
        _ask(row.item_id, question, row.finished_at)


def _ask(item_id: UUID, question: Question, at: datetime) -> None:
    """As questions were kept when this was written."""
    from samdrift_platform.cpr import mask_value
    from samdrift_platform.question import question_to_json

    types: dict[str, Any] = {"item_id": sa.Uuid(), "document": Json, "asked_at": UtcTime(), "due": UtcTime()}
    row = {
        "item_id": item_id,
        "code": question.code,
        "document": mask_value(question_to_json(question)),
        "people": question.people,
        "asked_at": at,
        "due": at + question.answer_within if question.answer_within else FAR_AWAY,
    }
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, types.get(name)) for name in row]
    op.get_bind().execute(sa.table("questions", *columns).insert().values(**row))
