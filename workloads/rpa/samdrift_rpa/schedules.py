"""What is done at set times: processes collect their cases, and the statistics follow. Importing this is light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial

from samdrift_platform.schedule import Schedule

ZONE = "Europe/Copenhagen"
#: The table of cases follows this often, so that no page has to wait for a day's events.
FOLLOW_CRON = "*/15 * * * *"


def schedules() -> Iterable[Schedule]:
    """The statistics, and each collection of each installed process."""
    from samdrift_rpa.processes import installed

    yield Schedule(name="rpa-statistics", cron=FOLLOW_CRON, run=follow, time_zone=ZONE)
    for process in installed().values():
        for collection in process.collections:
            run = partial(collect, process.name, collection.name)
            yield Schedule(
                name=schedule_name(process.name, collection.name), cron=collection.cron, run=run, time_zone=ZONE
            )


def schedule_name(process: str, collection: str) -> str:
    """As `samdrift schedules list` shows it."""
    return f"rpa-{process}-{collection}".replace("_", "-")


def collect(process: str, collection: str) -> Sequence[str]:
    """Submit what a process finds; what it found before is known, and is done once."""
    from samdrift_platform.client import Client
    from samdrift_rpa.processes import process_called
    from samdrift_rpa.triggers.collecting import collected

    with Client.from_environment() as client:
        return collected(process_called(process), collection, client)


def follow() -> Sequence[str]:
    """Bring the table of cases up to the newest event."""
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load
    from samdrift_rpa.statistics.following import catch_up

    chosen = load()
    migrations.upgrade(chosen.ledger_url)
    with closing(Ledger(chosen.ledger_url)) as ledger:
        return [f"Looked at {catch_up(ledger)} events."]
