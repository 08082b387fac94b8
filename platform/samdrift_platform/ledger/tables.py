"""The ledger's tables, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware UTC time; naive ones are refused, because nobody can know what they meant."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, turn others into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """SQLite gives UTC without saying so."""
        if value is None:
            return None
        stamp: datetime = value
        return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)


Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
Json = sa.JSON().with_variant(postgresql.JSONB, "postgresql")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False, unique=True),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(200), nullable=False),
    sa.Column("idempotency_key", sa.String(200)),
    sa.Column("digest", sa.String(71), nullable=False, comment="of the document: says whether a repeat is the same"),
    sa.Column("document", Json, nullable=False),
    sa.Column("submitted_by", sa.String(200), nullable=False),
    sa.Column("submitted_at", UtcTime, nullable=False),
    sa.UniqueConstraint("workload", "tenant", "reference"),
    sa.UniqueConstraint("tenant", "idempotency_key"),
)

work_items = sa.Table(
    "work_items",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False, unique=True),
    sa.Column(
        "submission_id", sa.Uuid, sa.ForeignKey("submissions.id"), nullable=False, comment="the first that named it"
    ),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(71), nullable=False, comment="of the payload"),
    sa.Column("payload", Json, nullable=False),
    sa.Column(
        "salt",
        sa.String(32),
        nullable=False,
        server_default=sa.text("''"),
        comment="keys the digests in the audit chain",
    ),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False, comment="the class it was submitted in"),
    sa.Column("urgency", sa.SmallInteger, nullable=False, comment="the class it has aged to"),
    sa.Column("ages_at", UtcTime, nullable=False, comment="when it rises one class if still queued"),
    sa.Column("deadline", UtcTime),
    sa.Column("subject", sa.String(64), comment="pseudonym of the person"),
    sa.Column("lane", sa.String(64), nullable=False, server_default=sa.text("''"), comment="part of the queue"),
    sa.Column("rounds", sa.Integer, nullable=False, server_default="0", comment="how often a decision let it go on"),
    sa.Column("erased_at", UtcTime, comment="when retention took payload, result and requests away"),
    sa.Column("documents_erased_at", UtcTime, comment="when retention let go of the documents that came in"),
    sa.Column("due", UtcTime, nullable=False, comment="the deadline, or far away, or when it had aged to the top"),
    sa.Column("available_at", UtcTime, nullable=False, comment="not claimed before: back-off"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0", comment="counted at the claim"),
    sa.Column("fence", sa.Integer, nullable=False, server_default="0", comment="rises with every change of owner"),
    sa.Column("lease_until", UtcTime),
    sa.Column("worker", sa.String(200)),
    sa.Column("verdict", sa.String(20), comment="how it ends once its effects are delivered"),
    sa.Column("result", Json),
    sa.Column("reason", sa.Text),
    sa.Column("models", Json, comment="registered name -> version@digest that decided"),
    sa.Column("queued_at", UtcTime, nullable=False),
    sa.Column("started_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.UniqueConstraint("workload", "tenant", "reference"),
)
sa.Index(
    "ix_work_items_queue",
    work_items.c.workload,
    work_items.c.lane,  # before the order, so that a closed lane is hopped over however much waits in it
    work_items.c.urgency,
    work_items.c.due,
    work_items.c.seq,
    sqlite_where=work_items.c.state == "queued",
    postgresql_where=work_items.c.state == "queued",
)
sa.Index(
    "ix_work_items_in_work",
    work_items.c.workload,
    work_items.c.lane,
    sqlite_where=work_items.c.state == "running",
    postgresql_where=work_items.c.state == "running",
)
sa.Index(
    "ix_work_items_ageing",
    work_items.c.ages_at,
    sqlite_where=sa.and_(work_items.c.state == "queued", work_items.c.urgency > 0),
    postgresql_where=sa.and_(work_items.c.state == "queued", work_items.c.urgency > 0),
)
sa.Index(
    "ix_work_items_leases",
    work_items.c.lease_until,
    sqlite_where=work_items.c.lease_until.is_not(None),
    postgresql_where=work_items.c.lease_until.is_not(None),
)

sa.Index(
    "ix_work_items_subject",
    work_items.c.workload,
    work_items.c.subject,
    sqlite_where=work_items.c.subject.is_not(None),
    postgresql_where=work_items.c.subject.is_not(None),
)

submission_items = sa.Table(
    "submission_items",
    metadata,
    sa.Column("submission_id", sa.Uuid, sa.ForeignKey("submissions.id"), primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), primary_key=True),
    sa.Index("ix_submission_items_item_id", "item_id"),
    comment="an item that a later submission names again belongs to both",
)

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("key", sa.Uuid, primary_key=True, comment="uuid5 of workload, tenant, reference and step"),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False, comment="effects of an item happen in this order"),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("step", sa.String(64), nullable=False),
    sa.Column("receiver", sa.String(64), nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
    sa.Column(
        "cleared_attempt",
        sa.Integer,
        nullable=False,
        server_default="0",
        comment="up to this attempt it did not happen: a person said so",
    ),
    sa.Column("available_at", UtcTime, nullable=False),
    sa.Column("lease_until", UtcTime),
    sa.Column("answer", Json),
    sa.Column("error", sa.Text),
    sa.Column("planned_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.UniqueConstraint("item_id", "ordinal"),
    sa.UniqueConstraint("item_id", "step"),
)
sa.Index(
    "ix_effects_planned",
    effects.c.available_at,
    sqlite_where=effects.c.state == "planned",
    postgresql_where=effects.c.state == "planned",
)

questions = sa.Table(
    "questions",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False),
    sa.Column("code", sa.String(80), nullable=False),
    sa.Column("document", Json, nullable=False, comment="the question as it was asked"),
    sa.Column("people", sa.SmallInteger, nullable=False, comment="how many must decide the same"),
    sa.Column(
        "audience",
        sa.Text,
        nullable=False,
        server_default=sa.text("''"),
        comment="roles@units that may decide; empty: whoever may decide at all",
    ),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("due", UtcTime, nullable=False, comment="escalated then; far away: it may wait"),
    sa.Column("escalated_at", UtcTime),
    sa.Column("closed_at", UtcTime, comment="decided, or its item was cancelled; NULL: open"),
    sa.Column("decision", Json, comment="what holds, once decided"),
    sa.UniqueConstraint("item_id", "code"),
    comment="what people are asked about items",
)
sa.Index(
    "ix_questions_open",
    questions.c.due,
    questions.c.seq,
    sqlite_where=questions.c.closed_at.is_(None),
    postgresql_where=questions.c.closed_at.is_(None),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False),
    sa.Column("question", sa.String(80), nullable=False),
    sa.Column("choice", sa.String(64), nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("decided_by", sa.String(200), nullable=False),
    sa.Column("decided_at", UtcTime, nullable=False),
    sa.Index("ix_decisions_item_id", "item_id", "seq"),
    comment="what each person said; the newest of a person and question counts",
)

escalation_mail = sa.Table(
    "escalation_mail",
    metadata,
    sa.Column("message", sa.Uuid, primary_key=True, comment="of an alarm: its Message-ID"),
    sa.Column("recipient", sa.String(64), primary_key=True, comment="stands for the address"),
    sa.Column("state", sa.String(10), nullable=False, comment="sending, or accepted"),
    sa.Column("changed_at", UtcTime, nullable=False),
    comment="messages about overdue decisions: a row stands before the first byte of one is sent",
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("workload", sa.String(64), primary_key=True),
    sa.Column("lane", sa.String(64), primary_key=True),
    sa.Column("paused_by", sa.String(200), nullable=False),
    sa.Column("paused_at", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    comment="lanes from which nothing is claimed until somebody resumes them",
)

expiring_objects = sa.Table(
    "expiring_objects",
    metadata,
    sa.Column("reference", sa.String(71), primary_key=True, comment="of a stored object"),
    sa.Column("until", UtcTime, nullable=False, comment="removed then, unless something living refers to it"),
    sa.Index("ix_expiring_objects_until", "until"),
    comment="objects that erased items named",
)

benefits = sa.Table(
    "benefits",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False, index=True),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False, comment="saved, or spent on computing it"),
    sa.Column("measure", sa.String(64), nullable=False),
    sa.Column("quantity", sa.Float, nullable=False),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
)

audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False, comment="ISO 8601 as it was hashed"),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False, index=True),
    sa.Column("details", sa.Text, nullable=False, comment="canonical JSON; no personal data"),
    sa.Column("hash", sa.String(64), nullable=False, comment="of the hash before and this row"),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.CheckConstraint("id = 1", name="one_row"),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True, comment="SHA-256 of the secret; the secret is not kept"),
    sa.Column("kind", sa.String(10), nullable=False, comment="link, session or token"),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
)

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("id", sa.String(71), nullable=False, unique=True, comment="sha256 of the statement"),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("document", sa.Text, nullable=False, comment="canonical JSON: what is signed"),
    sa.Index("ix_statements_subject", "subject", "seq"),
    sa.Index("ix_statements_kind", "kind", "seq"),
    comment="governance: append-only, signed; every row is also an audit event",
)

signatures = sa.Table(
    "signatures",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("statement", sa.String(71), sa.ForeignKey("statements.id"), nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False, comment="Ed25519, hex"),
    sa.UniqueConstraint("statement", "key_id"),
    comment="a statement is signed again when the key changes; its newest signature counts",
)

scores = sa.Table(
    "scores",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False, index=True),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("slot", sa.String(10), nullable=False, comment="champion, canary or shadow"),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.UniqueConstraint("item_id", "model", "version", "slot", "name"),
    sa.Index("ix_scores_model", "model", "name", "recorded_at"),
    comment="named numbers of outcomes: what shadow comparison and drift watch look at",
)

shadow_runs = sa.Table(
    "shadow_runs",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(71), nullable=False),
    sa.Column("state", sa.String(10), nullable=False, comment="planned, done, failed or withdrawn"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", UtcTime),
    sa.Column(
        "agrees",
        sa.Boolean,
        comment="same verdict and same decisions (whole numbers among the scores) as what was served",
    ),
    sa.Column("error", sa.Text),
    sa.Column("planned_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.UniqueConstraint("item_id", "model", "version"),
    comment="an item that a shadow version scores beside the champion; never returned to a user",
)
sa.Index(
    "ix_shadow_runs_planned",
    shadow_runs.c.workload,
    shadow_runs.c.seq,
    sqlite_where=shadow_runs.c.state == "planned",
    postgresql_where=shadow_runs.c.state == "planned",
)

truths = sa.Table(
    "truths",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("work_items.id"), nullable=False, index=True),
    sa.Column("name", sa.String(64), nullable=False, comment="the score that it is the truth of"),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("source", sa.String(200), nullable=False, comment="biopsy, meter, case outcome"),
    sa.Column("observed_at", UtcTime, nullable=False),
    sa.Column("recorded_by", sa.String(200), nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
    comment="delayed truth; the newest of an item and name counts",
)

objections = sa.Table(
    "objections",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False, unique=True),
    sa.Column("workload", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False, comment="pseudonym of the person"),
    sa.Column("recorded_by", sa.String(200), nullable=False),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.Column("withdrawn_by", sa.String(200)),
    sa.Column("withdrawn_at", UtcTime, comment="NULL: it stands"),
    comment="who is read by people only; a withdrawn objection stays as history",
)
sa.Index(
    "ix_objections_standing",
    objections.c.workload,
    objections.c.subject,
    unique=True,
    sqlite_where=objections.c.withdrawn_at.is_(None),
    postgresql_where=objections.c.withdrawn_at.is_(None),
)

processes = sa.Table(
    "processes",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    sa.Column("detail", Json, nullable=False),
)
