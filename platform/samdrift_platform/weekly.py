"""The weekly watch as a schedule of the platform's own; `samdrift watch` takes the same look at any time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from samdrift_platform.schedule import Schedule


def look() -> Sequence[str]:
    """One look at everything that serves; a sentence for each score."""
    from samdrift_platform import plugins
    from samdrift_platform.governance import Governance
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load
    from samdrift_platform.watch import watch

    settings = load()
    ledger = Ledger(settings.ledger_url)
    try:
        workloads = plugins.workloads(plugins.workload_names(settings.workloads))
        looks = watch(ledger, Governance(ledger, settings.home), settings.home, workloads, now=datetime.now(UTC))
    finally:
        ledger.close()
    return [f"{'ALARM  ' if each.alarm else ''}{each}" for each in looks]


#: Monday at 04:00 UTC, before the week's first work.
WATCH = Schedule(name="watch", cron="0 4 * * 1", run=look)
