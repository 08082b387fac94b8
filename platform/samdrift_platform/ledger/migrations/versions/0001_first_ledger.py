"""The first ledger: submissions, work items, effects, benefits, audit chain, grants, pins, processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samdrift_platform.ledger.audit import GENESIS
from samdrift_platform.ledger.tables import Json, Serial, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything, start the chain, and have the database itself refuse to change it."""
    _create_audit_events()
    _create_audit_head()
    _create_grants()
    _create_pins()
    _create_processes()
    _create_submissions()
    _create_work_items()
    _create_benefits()
    _create_effects()
    _create_submission_items()
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": GENESIS}])
    _protect_audit_events()


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False, comment="ISO 8601 as it was hashed"),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", sa.Text(), nullable=False, comment="canonical JSON; no personal data"),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="of the hash before and this row"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_subject", "audit_events", ["subject"], unique=False)


def _create_audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_audit_head_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="SHA-256 of the secret; the secret is not kept"
        ),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="link, session or token"),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_grants"),
    )


def _create_pins() -> None:
    op.create_table(
        "pins",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("pinned_by", sa.String(length=200), nullable=False),
        sa.Column("pinned_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_pins"),
    )


def _create_processes() -> None:
    op.create_table(
        "processes",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_processes"),
    )


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column(
            "digest", sa.String(length=71), nullable=False, comment="of the document: says whether a repeat is the same"
        ),
        sa.Column("document", Json, nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_submissions"),
        sa.UniqueConstraint("id", name="uq_submissions_id"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_submissions_tenant_idempotency_key"),
        sa.UniqueConstraint("workload", "tenant", "reference", name="uq_submissions_workload_tenant_reference"),
    )


def _create_work_items() -> None:
    op.create_table(
        "work_items",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False, comment="the first that named it"),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False, comment="of the payload"),
        sa.Column("payload", Json, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False, comment="the class it was submitted in"),
        sa.Column("urgency", sa.SmallInteger(), nullable=False, comment="the class it has aged to"),
        sa.Column("ages_at", UtcTime(), nullable=False, comment="when it rises one class if still queued"),
        sa.Column("deadline", UtcTime(), nullable=True),
        sa.Column(
            "due", UtcTime(), nullable=False, comment="the deadline, or far away, or when it had aged to the top"
        ),
        sa.Column("available_at", UtcTime(), nullable=False, comment="not claimed before: back-off"),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False, comment="counted at the claim"),
        sa.Column(
            "fence", sa.Integer(), server_default="0", nullable=False, comment="rises with every change of owner"
        ),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True, comment="how it ends once its effects are delivered"),
        sa.Column("result", Json, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("models", Json, nullable=True, comment="registered name -> version@digest that decided"),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_work_items_submission_id_submissions"),
        sa.PrimaryKeyConstraint("seq", name="pk_work_items"),
        sa.UniqueConstraint("id", name="uq_work_items_id"),
        sa.UniqueConstraint("workload", "tenant", "reference", name="uq_work_items_workload_tenant_reference"),
    )
    op.create_index(
        "ix_work_items_ageing",
        "work_items",
        ["ages_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued' AND urgency > 0"),
        postgresql_where=sa.text("state = 'queued' AND urgency > 0"),
    )
    op.create_index(
        "ix_work_items_leases",
        "work_items",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_work_items_queue",
        "work_items",
        ["workload", "urgency", "due", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )


def _create_benefits() -> None:
    op.create_table(
        "benefits",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="saved, or spent on computing it"),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_benefits_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_benefits"),
    )
    op.create_index("ix_benefits_item_id", "benefits", ["item_id"], unique=False)


def _create_effects() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.Uuid(), nullable=False, comment="uuid5 of workload, tenant, reference and step"),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="effects of an item happen in this order"),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("request", Json, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("available_at", UtcTime(), nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("answer", Json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_effects_item_id_work_items"),
        sa.PrimaryKeyConstraint("key", name="pk_effects"),
        sa.UniqueConstraint("item_id", "ordinal", name="uq_effects_item_id_ordinal"),
        sa.UniqueConstraint("item_id", "step", name="uq_effects_item_id_step"),
    )
    op.create_index(
        "ix_effects_planned",
        "effects",
        ["available_at"],
        unique=False,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )


def _create_submission_items() -> None:
    op.create_table(
        "submission_items",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_submission_items_item_id_work_items"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_items_submission_id_submissions"
        ),
        sa.PrimaryKeyConstraint("submission_id", "item_id", name="pk_submission_items"),
        comment="an item that a later submission names again belongs to both",
    )
    op.create_index("ix_submission_items_item_id", "submission_items", ["item_id"], unique=False)


def _protect_audit_events() -> None:
    """Events are appended, never changed: triggers refuse the rest (whoever owns the database can still drop them)."""
    refusal = "audit events are append-only"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events "
            "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_no_{change.lower()} BEFORE {change} ON audit_events "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
