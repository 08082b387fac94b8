"""The facility manager's pages over all of Denmark's municipal buildings, one plan each, after one night.

Plans are stubs of their real size; ledger, list, pages and files are the real thing, asked in this process.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from pydantic import JsonValue

from samdrift_energy_forecast.plan_list.following import WORKLOAD, catch_up
from samdrift_platform.contract import Item, Outcome, Priority, Verdict
from samdrift_platform.ledger import endings, migrations, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.estate import BEGINS, DEAD, NOW, Estate, Visit, described, plan_of, site
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql

BUILDINGS, CHUNK = 23_000, 500
#: Of so many buildings one needs a look.
ONE_IN = 50
#: Times that each page is asked for.
VISITS = 20
SLOWEST_P95_MS, SLOWEST_CATCH_UP_S = 500.0, 60.0
PAGES = {
    "list": "/energy_forecast/",
    "later": "/energy_forecast/?show=all&after=b20000",
    "search": "/energy_forecast/?search=nr.+22",
    "building": "/energy_forecast/buildings/b20000",
    "csv": "/energy_forecast/buildings/b20000/current.csv",
    "bacnet": "/energy_forecast/buildings/b20000/current.bacnet.json",
}


def main() -> int:
    title = f"Heating plans: pages over {BUILDINGS:,} buildings, one plan each"
    with benchmark("energy_pages", title) as measured:
        for database, url in databases():
            with closing(Ledger(url)) as ledger:
                measure(measured, database, Estate(ledger))
        p95 = [row[name] for row in measured.rows for name in row if name.endswith("_p95_ms")]
        measured.bar(
            f"every page in {SLOWEST_P95_MS:g} ms (p95)", all(float(value or 0) <= SLOWEST_P95_MS for value in p95)
        )
        caught_up = [float(row["caught_up_s"] or 0) for row in measured.rows]
        measured.bar(f"the list caught up in {SLOWEST_CATCH_UP_S:g} s", max(caught_up) <= SLOWEST_CATCH_UP_S)
        measured.notes.append(
            "caught_up_s: the list reads a whole night's plans; each run of the night does a part of it"
        )
        return 0 if all(measured.bars.values()) else 1


def measure(measured: Benchmark, database: str, estate: Estate) -> None:
    fill(estate)
    with timed() as caught_up:
        catch_up(estate.ledger)
    with site() as over:
        visit = over(estate)
        visits = {name: times_ms(visit, path) for name, path in PAGES.items()}
    columns = {
        f"{name}_{kind}_ms": percentile(found, q)
        for name, found in visits.items()
        for kind, q in (("p50", 0.5), ("p95", 0.95))
    }
    measured.row(database=database, buildings=BUILDINGS, caught_up_s=caught_up[0], **columns)


def times_ms(visit: Visit, path: str) -> list[float]:
    found = []
    for _ in range(VISITS):
        with timed() as seconds:
            answer = visit.get(path)
        assert answer.status_code == 200
        found.append(seconds[0] * 1000)
    return found


def fill(estate: Estate) -> None:
    """Each building's plan, made tonight."""
    plan = plan_of(described("any", "Any"))
    result = estate.result(plan, {"building": {}})
    for first in range(0, BUILDINGS, CHUNK):
        items = [made(number) for number in range(first, min(first + CHUNK, BUILDINGS))]
        request = Request(
            workload=WORKLOAD,
            tenant="demo",
            reference=f"night/{first}",
            document={"first": first},
            items=items,
            priority=Priority.OPERATIONAL,
            submitted_by="nightly",
        )
        with estate.ledger.write() as connection:
            submissions.submit(connection, request, now=NOW)
            claims = queue.claim(
                connection, workload=WORKLOAD, worker="bench", limit=CHUNK, lease=timedelta(minutes=5), now=NOW
            )
            finished = [(claim, completion(claim.reference, result)) for claim in claims]
            endings.complete(connection, WORKLOAD, finished, now=NOW)


def made(number: int) -> Item:
    building = described(f"b{number:05d}", f"Skole nr. {number}").model_dump(mode="json")
    payload: dict[str, JsonValue] = {"issue_time": BEGINS.isoformat(), "building": building}
    return Item(reference=f"{building['id']}/{BEGINS:%Y-%m-%dT%HZ}", payload=payload)


def completion(reference: str, result: dict[str, object]) -> Completion:
    attention = [vars(DEAD)] if int(reference[1:6]) % ONE_IN == 0 else []
    outcome = Outcome(reference=reference, verdict=Verdict.DONE, result={**result, "attention": attention})  # type: ignore[dict-item]  # a list of texts is JSON
    return Completion(outcome=outcome, effects=())


def databases() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        migrations.upgrade(url)
        yield "SQLite", url
    try:
        with running_postgresql() as server:
            url = server.create()
            migrations.upgrade(url)
            yield "PostgreSQL", url
    except NoPostgreSQLError as error:
        sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    sys.exit(main())
