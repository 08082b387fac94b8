"""Buildings, readings, series as known, and overrides."""

from __future__ import annotations

from alembic import op

from samdrift_energy_forecast.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first tables: until the first release they are made as `tables` has them."""
    metadata.create_all(op.get_bind())
