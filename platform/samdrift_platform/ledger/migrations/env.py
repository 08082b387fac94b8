"""Alembic's environment: runs the migrations on the connection that `upgrade` opened."""

from __future__ import annotations

from alembic import context

from samdrift_platform.ledger.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
