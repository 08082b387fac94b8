"""Alembic's environment: runs the migrations on the connection that `upgrade` opened."""

from __future__ import annotations

from alembic import context

from samdrift_platform.ledger.tables import metadata

connection = context.config.attributes["connection"]
version_table = context.config.attributes["version_table"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, version_table=version_table)
context.run_migrations()
