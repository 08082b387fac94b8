"""Brings a ledger's tables to the version that this code needs: the platform's, then each workload's own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from samdrift_platform import plugins
from samdrift_platform.ledger.database import Ledger, take_turns

_HERE = Path(__file__).parent


def upgrade(url: str) -> None:
    """Create or migrate the ledger at `url`; does nothing when it is up to date. Stop all writers first.

    A workload's migrations lie in `migrations/versions` of its package, its tables begin with its name, and the table
    `<name>_version` says how far they are.
    """
    ledger = Ledger(url)
    try:
        with ledger.write() as connection:
            take_turns(connection, "migrate")
            _upgrade(connection, _HERE, "alembic_version")
            for name, folder in plugins.migrations():
                _upgrade(connection, folder, f"{name}_version")
    finally:
        ledger.close()


def _upgrade(connection: sa.Connection, folder: Path, version_table: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, version_table=version_table)
    command.upgrade(config, "head")
