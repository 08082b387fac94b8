"""What heating plans ask for at set times. Importing this is light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from samdrift_energy_forecast import settings
from samdrift_platform.schedule import Schedule

if TYPE_CHECKING:
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import Settings

ZONE = "Europe/Copenhagen"


def schedules() -> Iterable[Schedule]:
    """Weather, prices and CO2 every hour, and the plans every night."""
    return [
        Schedule(name="energy-fetch", cron=settings.FETCH_CRON.value(), run=fetch, time_zone=ZONE),
        Schedule(name="energy-nightly-plans", cron=settings.NIGHTLY_CRON.value(), run=plan_tonight, time_zone=ZONE),
    ]


def plan_tonight() -> Sequence[str]:
    """Order what tonight lacks, and say how far it is. The list of plans follows, so that no page has to."""
    from samdrift_energy_forecast.ordering import nightly
    from samdrift_energy_forecast.plan_list.following import catch_up

    with _installation() as (chosen, ledger):
        desk = nightly.desk(ledger, chosen.objects_url, chosen.tenant)
        night = nightly.run(desk, now=datetime.now(UTC))
        catch_up(ledger)
        return night.sentences()


def fetch() -> Sequence[str]:
    """Fetch what the active buildings' next plans will ask for, as far as it is not here."""
    from samdrift_energy_forecast.ordering.making import WINDOW
    from samdrift_energy_forecast.sources.fetch_round import fetched, locations_of_buildings
    from samdrift_energy_forecast.sources.fetching import Fetching
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.objects import ObjectStore

    with _installation() as (chosen, ledger):
        known = KnownSeries(ledger, ObjectStore(chosen.objects_url))
        with Fetching(ledger, known) as fetching:
            ended = list(fetched(fetching, locations_of_buildings(ledger), (), WINDOW.days))
    told = [f"{number} series {how}." for how, number in Counter(str(one.fetch) for one in ended).most_common()]
    return told + [f"{one.series}: {one.reason}" for one in ended if one.reason]


@contextmanager
def _installation() -> Iterator[tuple[Settings, Ledger]]:
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load

    chosen = load()
    migrations.upgrade(chosen.ledger_url)
    with closing(Ledger(chosen.ledger_url)) as ledger:
        yield chosen, ledger
