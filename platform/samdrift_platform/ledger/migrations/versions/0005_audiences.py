"""Who may decide a question: roles and units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """What was asked before may be decided by whoever may decide at all."""
    audience = sa.Column(
        "audience",
        sa.Text(),
        nullable=False,
        server_default=sa.text("''"),
        comment="roles@units that may decide; empty: whoever may decide at all",
    )
    op.add_column("questions", audience)
