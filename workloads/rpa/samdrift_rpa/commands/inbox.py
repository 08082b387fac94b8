"""`samdrift rpa inbox`: what waits for a person in automated processes; the platform's own commands for this workload."""

from __future__ import annotations

from samdrift_platform.cli.inbox import inbox_commands

app = inbox_commands("rpa")
