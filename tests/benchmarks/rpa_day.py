"""A day of a large municipality: 100,000 cases of three processes in one run, a day's hours pressed into minutes.

Cases come in by the hour: a file at night, most in the morning. One process takes them in, one robot works them off in
batches, one delivery hands over what is to be seen outside. How long cases wait, what is left in the queue, and memory.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

import psutil
import sqlalchemy as sa
from pydantic import BaseModel

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Item, JsonObject, Priority
from samdrift_platform.delivery import Delivery
from samdrift_platform.ledger import endings, items, migrations, queue, submissions, tables, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.submissions import Request
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, TimeSaved
from samdrift_rpa.run import Run
from samdrift_rpa.step import step
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql

CASES = 100_000
#: Into how many seconds the day is pressed.
DAY_S = 600.0
#: Share of the day's cases by hour: a file of last night's payments at 02, post in the morning, forms all day.
BY_HOUR = (0, 0, 20, 2, 0, 0, 1, 5, 12, 14, 12, 8, 6, 6, 5, 4, 2, 1, 1, 1, 0, 0, 0, 0)
#: Cases of one submission, at most; items of one batch, as the workload `rpa` has it.
TOGETHER, BATCH = 500, 20
#: Of the cases one in so many is seen outside, and one in so many is rejected.
EFFECT_EVERY, REJECT_EVERY = 10, 100
LEASE = timedelta(minutes=5)
NAMES = ("payments", "letters", "forms")
#: Sum of both while they work, least of the first and most of the last tenth: what may come on top, MiB.
MAY_GROW_MIB = 64.0
PATIENCE_S = 3_000.0


class Given(BaseModel):
    """A case: its number in the day."""

    number: int


@step(da="Vurdér", en="Judge")
def judge(run: Run) -> None:
    """Some cases are at fault."""
    number = int(run.item.payload["case"]["number"])  # type: ignore[index, call-overload, arg-type]  # JSON
    run.note("number", number)
    if number % REJECT_EVERY == 1:
        raise BusinessError("incomplete", "Something is missing.")
    if number % EFFECT_EVERY == 0:
        run.effect("post", {"number": number})


def _process(name: str) -> Process[Given, Run]:
    return Process(
        name=name,
        title={"da": name, "en": name},
        purpose={"da": "Måles.", "en": "Is measured."},
        given=Given,
        reference=lambda given, store: str(given.number),
        run=Run,
        steps=(judge,),
        effects=(EffectSpec(step="post", receiver="outside", title={"da": "Sendt", "en": "Sent"}),),
        receivers={"outside": Outside},
        legal_basis=LegalBasis(clause="-", purpose={"da": "Måling", "en": "Measurement"}),
        time_saved=TimeSaved(time_spend_per_occurance_min=5.0, decision_min=2.0),
    )


class Outside:
    """A party that answers at once and remembers nothing: what is measured is the platform."""

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Done."""
        return {"done": True}

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """It is asked after a failure alone, and there is none."""
        return None


def _workload() -> RobotWorkload:
    return RobotWorkload({name: _process(name) for name in NAMES})


def main() -> None:
    """On PostgreSQL with fsync on; `python tests/benchmarks/rpa_day.py CASES SECONDS` for another size."""
    cases, day_s = int(sys.argv[1]) if sys.argv[1:] else CASES, float(sys.argv[2]) if sys.argv[2:] else DAY_S
    with benchmark("rpa_day", "A municipality's day in minutes: robots' cases through the ledger") as measured:
        try:
            with running_postgresql(fsync=True) as server:
                _day(measured, server.create(), cases, day_s)
        except NoPostgreSQLError as error:
            raise SystemExit(str(error)) from error


def _day(measured: Benchmark, url: str, cases: int, day_s: float) -> None:
    migrations.upgrade(url)
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    began = time.monotonic()
    parts = {
        "intake": context.Process(target=_take_in, args=(url, cases, day_s)),
        "robot": context.Process(target=_work, args=(url, over)),
        "delivery": context.Process(target=_deliver, args=(url, over)),
    }
    for part in parts.values():
        part.start()
    samples = _watch(url, parts, cases, began)
    over.set()
    for part in parts.values():
        part.join(60)
        assert part.exitcode == 0, f"a part ended with {part.exitcode}"
    _tell(measured, url, cases, day_s, samples)


def _take_in(url: str, cases: int, day_s: float) -> None:
    """Each hour's cases spread over the hour, in submissions as they come."""
    ledger, workload, store, began = Ledger(url), _workload(), MemoryStore(), time.monotonic()
    for number, (at_s, chosen) in enumerate(_arrivals(cases, day_s)):
        time.sleep(max(0.0, began + at_s - time.monotonic()))  # the case's own time, not a wait for anything
        name = NAMES[number % len(NAMES)]
        document = {
            "process": name,
            "received_at": datetime.now(UTC).isoformat(),
            "cases": [{"number": n} for n in chosen],
        }
        found = list(workload.split(workload.submission.model_validate(document), store))
        request = Request(
            workload="rpa",
            tenant="demo",
            reference=f"{name} {number}",
            document=document,
            items=found,
            priority=Priority.ADMINISTRATIVE,
            submitted_by="intake",
        )
        with ledger.write() as connection:
            submissions.submit(connection, request, now=datetime.now(UTC))
    ledger.close()


def _arrivals(cases: int, day_s: float) -> Iterator[tuple[float, range]]:
    """When so many come together, in seconds from the day's beginning, and their numbers."""
    hour_s, first = day_s / 24, 0
    for hour, share in enumerate(BY_HOUR):
        until = cases * sum(BY_HOUR[: hour + 1]) // sum(BY_HOUR)
        parts = [range(n, min(n + TOGETHER, until)) for n in range(first, until, TOGETHER)]
        yield from ((hour_s * (hour + place / len(parts)), part) for place, part in enumerate(parts) if share)
        first = until


def _work(url: str, over: Event) -> None:
    """Claims, steps and outcomes, as the dispatcher and a replica do them, without Ray between."""
    ledger, workload, store = Ledger(url), _workload(), MemoryStore()
    context: Context = Context(store=store, engine=workload.load({}))
    while not over.is_set():
        with ledger.write() as connection:
            claims = queue.claim(
                connection, workload="rpa", worker="robot", limit=BATCH, lease=LEASE, now=datetime.now(UTC)
            )
        if not claims:
            over.wait(0.05)
            continue
        _finish(ledger, workload, context, claims)
    ledger.close()


def _finish(ledger: Ledger, workload: RobotWorkload, context: Context, claims: Sequence[queue.Claim]) -> None:
    found = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline, earlier=c.earlier) for c in claims]
    finished = [
        (claim, Completion(outcome=made, effects=list(workload.effects(made)), saved=list(workload.benefits(made))))
        for claim, made in zip(claims, workload.process(found, context), strict=True)
    ]
    with ledger.write() as connection:
        endings.complete(connection, "rpa", finished, now=datetime.now(UTC))


def _deliver(url: str, over: Event) -> None:
    ledger = Ledger(url)
    delivery = Delivery(ledger, {"rpa": {"outside": Outside()}})
    while not over.is_set():
        if not delivery.step():
            over.wait(0.05)
    ledger.close()


def _watch(url: str, parts: dict[str, Any], cases: int, began: float) -> list[dict[str, float]]:
    """Memory of each part and what is open, every two seconds, until all cases have ended."""
    ledger, samples = Ledger(url), []
    while True:
        assert time.monotonic() - began < PATIENCE_S, f"not within {PATIENCE_S} s"
        assert all(part.exitcode in (None, 0) for part in parts.values()), "a part has ended"
        with ledger.read() as connection:
            counts = items.counts(connection).get("rpa", {})
        ended = counts.get("done", 0) + counts.get("rejected", 0)
        found = {name: _mib(part.pid) for name, part in parts.items()}
        samples.append({"at_s": time.monotonic() - began, "queued": counts.get("queued", 0), "ended": ended, **found})
        if ended == cases:
            ledger.close()
            return samples
        time.sleep(2.0)


def _mib(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:  # it has ended
        return 0.0


def _tell(measured: Benchmark, url: str, cases: int, day_s: float, samples: Sequence[dict[str, float]]) -> None:
    ledger = Ledger(url)
    with ledger.read() as connection:
        waited, whole, outside = (_percentiles(connection, what) for what in (_WAITED, _WHOLE, _OUTSIDE))
        delivered = connection.execute(_DELIVERED).scalar_one()
        first, last = connection.execute(_FROM_TO).one()
        intact = verification.verify(connection).intact
    ledger.close()
    grown, seconds = _grown_mib(samples), (last - first).total_seconds()
    measured.row(
        cases=cases,
        day_pressed_into_s=day_s,
        took_s=seconds,
        cases_per_s=cases / seconds,
        effects=delivered,
        most_queued=max(sample["queued"] for sample in samples),
        **{f"claimed_after_s_{name}": value for name, value in waited.items()},
        **{f"ended_after_s_{name}": value for name, value in whole.items()},
        **{f"with_effect_s_{name}": value for name, value in outside.items()},
        robot_mib=max(sample["robot"] for sample in samples),
        delivery_mib=max(sample["delivery"] for sample in samples),
        intake_mib=max(sample["intake"] for sample in samples),
        grown_mib=grown,
        fsync_ms=fsync_ms(),
        load=os.getloadavg()[0],
    )
    measured.bar(f"{cases:,} cases in one run, the audit chain intact", cases >= CASES and intact)
    measured.bar(f"memory of robot and delivery grows by less than {MAY_GROW_MIB:g} MiB", grown < MAY_GROW_MIB)
    measured.bar("the day's work is done within the day, however short it was made", seconds < day_s * 1.05)
    measured.notes += [
        "three small processes (a step, an effect for every 10th case, every 100th rejected), one robot without Ray, "
        "one delivery thread, a party that answers at once: the platform's own share of a day",
        "grown: most memory of robot and delivery in the last tenth of the run, less the least in its second tenth",
        "took: from the receipt of the first case to the end of the last",
        "ended after: from the receipt of a case to its end; with effect: of those that are seen outside",
    ]


def _grown_mib(samples: Sequence[dict[str, float]]) -> float:
    used = [sample["robot"] + sample["delivery"] for sample in samples]
    tenth = max(1, len(used) // 10)
    return max(used[-tenth - 1 : -1] or used) - min(used[tenth : 2 * tenth + 1])


_OF_RPA = tables.work_items.c.workload == "rpa"
_SINCE = tables.work_items.c.queued_at
_WITH_EFFECT = sa.exists().where(tables.effects.c.item_id == tables.work_items.c.id)
_WAITED = sa.select((tables.work_items.c.started_at - _SINCE).label("took")).where(_OF_RPA)
_WHOLE = sa.select((tables.work_items.c.finished_at - _SINCE).label("took")).where(_OF_RPA)
_OUTSIDE = _WHOLE.where(_WITH_EFFECT)
_FROM_TO = sa.select(sa.func.min(_SINCE), sa.func.max(tables.work_items.c.finished_at)).where(_OF_RPA)
_DELIVERED = sa.select(sa.func.count()).select_from(tables.effects).where(tables.effects.c.state == "delivered")


def _percentiles(connection: sa.Connection, what: sa.Select[Any]) -> dict[str, float]:
    """Median, 95 % and 99 %, and the longest, in seconds."""
    took = sa.extract("epoch", what.subquery().c.took)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    query = sa.select(*(sa.func.percentile_cont(share).within_group(took) for share in shares.values()))
    return dict(zip(shares, map(float, connection.execute(query).one()), strict=True))


if __name__ == "__main__":
    main()
