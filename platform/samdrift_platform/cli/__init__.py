"""`samdrift`: the command line. Every command speaks to the control plane's API, or starts the platform."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name; exit status 0, 1 (it did not work) or 2 (wrong usage)."""
    from samdrift_platform.cli.program import run

    run()
