"""Objections to automated processing, and whom a work item concerns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samdrift_platform.ledger.tables import Serial, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Items that are there already concern nobody that is known."""
    op.add_column("work_items", sa.Column("subject", sa.String(length=64), comment="pseudonym of the person"))
    known = sa.text("subject IS NOT NULL")
    op.create_index(
        "ix_work_items_subject",
        "work_items",
        ["workload", "subject"],
        unique=False,
        sqlite_where=known,
        postgresql_where=known,
    )
    _create_objections()


def _create_objections() -> None:
    op.create_table(
        "objections",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workload", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="pseudonym of the person"),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=200)),
        sa.Column("withdrawn_at", UtcTime(), comment="NULL: it stands"),
        sa.PrimaryKeyConstraint("seq", name="pk_objections"),
        sa.UniqueConstraint("id", name="uq_objections_id"),
        comment="who is read by people only; a withdrawn objection stays as history",
    )
    standing = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "ix_objections_standing",
        "objections",
        ["workload", "subject"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
