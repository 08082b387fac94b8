"""`samdrift rpa inbox`: what waits for a person in automated processes, by the platform's own commands."""

from __future__ import annotations

from samdrift_platform.cli.inbox import inbox_commands

app = inbox_commands("rpa")
