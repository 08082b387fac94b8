"""Brings a ledger's tables to the version that this code needs."""

from __future__ import annotations

from pathlib import Path

from samdrift_platform.ledger.database import Ledger, take_turns


def upgrade(url: str) -> None:
    """Create or migrate the ledger at `url`; does nothing when it is up to date. Stop all writers first."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    ledger = Ledger(url)
    try:
        with ledger.write() as connection:
            take_turns(connection, "migrate")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        ledger.close()
