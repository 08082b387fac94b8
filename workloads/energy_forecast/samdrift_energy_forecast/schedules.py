"""What heating plans ask for at set times. Importing this is light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samdrift_energy_forecast import settings
from samdrift_platform.schedule import Schedule

ZONE = "Europe/Copenhagen"


def schedules() -> Iterable[Schedule]:
    """The nightly plans."""
    return [
        Schedule(name="energy-nightly-plans", cron=settings.NIGHTLY_CRON.value(), run=plan_tonight, time_zone=ZONE),
    ]


def plan_tonight() -> Sequence[str]:
    """Order what tonight lacks, and say how far it is."""
    from contextlib import closing
    from datetime import UTC, datetime

    from samdrift_energy_forecast import nightly
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load

    chosen = load()
    migrations.upgrade(chosen.ledger_url)
    with closing(Ledger(chosen.ledger_url)) as ledger:
        desk = nightly.desk(ledger, chosen.objects_url, chosen.tenant)
        return nightly.run(desk, now=datetime.now(UTC)).sentences()
