"""Governance: signed statements take the place of pins; scores, shadow runs and delayed truth; salted digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samdrift_platform.ledger.tables import Serial, UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Pins are dropped, not moved: there is no evidence behind them, and nothing is served without."""
    _create_statements()
    _create_signatures()
    _create_scores()
    _create_shadow_runs()
    _create_truths()
    op.drop_table("pins")
    op.add_column(
        "work_items",
        sa.Column(
            "salt",
            sa.String(length=32),
            server_default="",
            nullable=False,
            comment="keys the digests in the audit chain",
        ),
    )
    _give_salts()
    for table in ("statements", "signatures"):
        _protect(table)


def _create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("id", sa.String(length=71), nullable=False, comment="sha256 of the statement"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="canonical JSON: what is signed"),
        sa.PrimaryKeyConstraint("seq", name="pk_statements"),
        sa.UniqueConstraint("id", name="uq_statements_id"),
        comment="governance: append-only, signed; every row is also an audit event",
    )
    op.create_index("ix_statements_kind", "statements", ["kind", "seq"], unique=False)
    op.create_index("ix_statements_subject", "statements", ["subject", "seq"], unique=False)


def _create_signatures() -> None:
    op.create_table(
        "signatures",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("statement", sa.String(length=71), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False, comment="Ed25519, hex"),
        sa.ForeignKeyConstraint(["statement"], ["statements.id"], name="fk_signatures_statement_statements"),
        sa.PrimaryKeyConstraint("seq", name="pk_signatures"),
        sa.UniqueConstraint("statement", "key_id", name="uq_signatures_statement_key_id"),
        comment="a statement is signed again when the key changes; its newest signature counts",
    )


def _create_scores() -> None:
    op.create_table(
        "scores",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=10), nullable=False, comment="champion, canary or shadow"),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_scores_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_scores"),
        sa.UniqueConstraint(
            "item_id", "model", "version", "slot", "name", name="uq_scores_item_id_model_version_slot_name"
        ),
        comment="named numbers of outcomes: what shadow comparison and drift watch look at",
    )
    op.create_index("ix_scores_item_id", "scores", ["item_id"], unique=False)
    op.create_index("ix_scores_model", "scores", ["model", "name", "recorded_at"], unique=False)


def _create_shadow_runs() -> None:
    op.create_table(
        "shadow_runs",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="planned, done, failed or withdrawn"),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column(
            "agrees",
            sa.Boolean(),
            nullable=True,
            comment="same verdict and same decisions (whole numbers among the scores) as what was served",
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_shadow_runs_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_shadow_runs"),
        sa.UniqueConstraint("item_id", "model", "version", name="uq_shadow_runs_item_id_model_version"),
        comment="an item that a shadow version scores beside the champion; never returned to a user",
    )
    op.create_index(
        "ix_shadow_runs_planned",
        "shadow_runs",
        ["workload", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )


def _create_truths() -> None:
    op.create_table(
        "truths",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="the score that it is the truth of"),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False, comment="biopsy, meter, case outcome"),
        sa.Column("observed_at", UtcTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_items.id"], name="fk_truths_item_id_work_items"),
        sa.PrimaryKeyConstraint("seq", name="pk_truths"),
        comment="delayed truth; the newest of an item and name counts",
    )
    op.create_index("ix_truths_item_id", "truths", ["item_id"], unique=False)


def _give_salts() -> None:
    """To items that are there already: what is still to be decided about them is recorded with keyed digests."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(
        "UPDATE work_items SET salt = replace(gen_random_uuid()::text, '-', '')"
        if postgresql
        else "UPDATE work_items SET salt = lower(hex(randomblob(16)))"
    )


def _protect(table: str) -> None:
    """Rows are appended, never changed: triggers refuse the rest (whoever owns the database can still drop them)."""
    refusal = f"{table} are append-only"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_{table}_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
