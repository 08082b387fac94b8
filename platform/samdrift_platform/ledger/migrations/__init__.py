"""Brings a ledger's tables to the version that this code needs."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from samdrift_platform.ledger.database import Ledger


def upgrade(url: str) -> None:
    """Create or migrate the ledger at `url`; does nothing when it is up to date. Stop all writers first."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    ledger = Ledger(url)
    try:
        with ledger.write() as connection:
            _serialise(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        ledger.close()


def _serialise(connection: sa.Connection) -> None:
    """Let one process migrate at a time: SQLite's write lock does so already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(5230411)"))
