"""The delivery process with leases that a test can wait for: `python -m samdrift_testing.short_leases SECONDS`."""

from __future__ import annotations

import sys
from datetime import timedelta

from samdrift_platform import plugins, process
from samdrift_platform.delivery import Delivery
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load


def main() -> None:
    """Deliver until told to stop, as `samdrift_platform.delivery` does."""
    settings = load()
    stopping = process.begin("delivery")
    names = plugins.workload_names(settings.workloads)
    receivers = {name: workload.receivers() for name, workload in plugins.workloads(names).items()}
    lease = timedelta(seconds=float(sys.argv[1]))
    Delivery(Ledger(settings.ledger_url), receivers, lease=lease).run(stopping, poll_s=settings.poll_s)


if __name__ == "__main__":
    main()
