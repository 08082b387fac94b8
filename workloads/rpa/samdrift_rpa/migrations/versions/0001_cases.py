"""The automation workload's first tables."""

from __future__ import annotations

from alembic import op

from samdrift_rpa.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first tables: until the first release they are made as `tables` has them."""
    metadata.create_all(op.get_bind())
