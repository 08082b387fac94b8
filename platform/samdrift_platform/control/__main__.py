"""`python -m samdrift_platform.control`: the control plane as a process of its own."""

from __future__ import annotations

from samdrift_platform import process
from samdrift_platform.control.server import serve
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load


def main() -> None:
    """Serve what the environment's settings say, until told to stop."""
    process.begin("control")
    settings = load()
    serve(settings, Ledger(settings.ledger_url))


if __name__ == "__main__":
    main()
