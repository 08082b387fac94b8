"""What is known of messages about overdue decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samdrift_platform.ledger.tables import UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nobody was told before."""
    op.create_table(
        "escalation_mail",
        sa.Column("message", sa.Uuid(), nullable=False, comment="of an alarm: its Message-ID"),
        sa.Column("recipient", sa.String(length=64), nullable=False, comment="stands for the address"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="sending, or accepted"),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("message", "recipient", name="pk_escalation_mail"),
        comment="messages about overdue decisions: a row stands before the first byte of one is sent",
    )
