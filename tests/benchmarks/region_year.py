"""A region's year, 60,000 screening exams as metadata with scoring stubbed: through ledger, policy and worklist.

Everything but the pixels is the real thing: items as `split` writes them, claims, `MammographyWorkload.process` with
the shipped policy, completions with benefits and audit events, and the worklist's pages over HTTP in this process.
Nobody reads in between, so the worklist grows to 60,000 unread exams: far more than any region lets wait.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import psutil

from samdrift_mammography import readings
from samdrift_mammography.deadline import after_working_days
from samdrift_mammography.marks import Mark
from samdrift_mammography.picture import png
from samdrift_mammography.policy import shipped_policy
from samdrift_mammography.readings import ReadingDecision
from samdrift_mammography.scoring import ScoredView
from samdrift_mammography.views import View
from samdrift_mammography.worklist import listing
from samdrift_mammography.worklist.filter import Filter
from samdrift_mammography.worklist.following import WORKLOAD, catch_up
from samdrift_mammography.workload import workload
from samdrift_platform.contract import Context, Item, Outcome, Priority
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.ledger import endings, migrations, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql
from samdrift_testing.screening import Visit, portal
from samdrift_testing.work import NOW

EXAMS = 60_000
#: Exams of one working day, in one submission, and in one batch of the dispatcher.
DAY, BATCH = 250, 50
#: Sizes at which memory and pages are measured.
AT = (1_000, 10_000, 30_000, 60_000)
#: Times that each page is asked for at each size.
VISITS = 30
#: Share of the exams that lack a view.
INCOMPLETE = 0.05
#: What a page may take, and how much the process may grow from the first 10,000 exams to all of them.
SLOWEST_P95_MS, MOST_GROWTH_MIB = 500.0, 64.0
#: Exams that are read, by two readers each, at the end.
READ = 300


class StubStore:
    """Takes pictures and keeps none; knows the policy."""

    def __init__(self) -> None:
        self._policy = shipped_policy().text
        self.policy = digest_of_bytes(self._policy)

    def put(self, data: bytes) -> str:
        return digest_of_bytes(data)

    def get(self, reference: str) -> bytes:
        return self._policy if reference == self.policy else reference.encode()


class StubEngine:
    """Scores by the digits of the reference: about as many exams in each step, as deciles ask."""

    heat_full = 1.0
    model = None

    def __init__(self) -> None:
        self.reference = SimpleNamespace(name="stub")
        self._png = png(np.zeros((500, 230), dtype=np.float32))

    def score(self, data: bytes, view: View) -> ScoredView:
        score = int(data[-8:], 16) / 16**8
        marks = [Mark(x=0.5, y=0.5, radius=0.1, score=score)] if score > 0.9 else []
        flat = np.full(50, 0.02)
        return ScoredView(
            score=score, marks=marks, png=self._png, heat_png=self._png, histogram=flat, pixel_mm_assumed=False
        )

    def density(self, histograms: Mapping[View, Any]) -> None:
        return None

    def step(self, scores: list[float]) -> int:
        return 1 + int(10 * min(max(scores) ** 4, 0.999))  # the highest of four equally distributed scores


@dataclass
class Year:
    """One database, and the seconds that each part took so far."""

    name: str
    ledger: Ledger
    visit: Visit
    context: Context
    random: Random = field(default_factory=lambda: Random(0))
    submitted_s: float = 0.0
    claimed_s: float = 0.0
    decided_s: float = 0.0
    completed_s: float = 0.0
    listed_s: float = 0.0
    exams: int = 0

    def day(self) -> None:
        """A day's exams arrive, are decided about and listed."""
        now = NOW + timedelta(days=self.exams // DAY)
        made = [self._item(self.exams + number) for number in range(DAY)]
        with timed() as seconds, self.ledger.write() as connection:
            submissions.submit(connection, _request(f"day {self.exams // DAY}", made), now=now)
        self.submitted_s += seconds[0]
        while claims := self._claim(now):
            self._batch(claims, now)
        with timed() as seconds:
            catch_up(self.ledger)
        self.listed_s += seconds[0]
        self.exams += DAY

    def _claim(self, now: Any) -> list[Claim]:
        lease = timedelta(minutes=5)
        with timed() as seconds, self.ledger.write() as connection:
            found = queue.claim(connection, workload=WORKLOAD, worker="w", limit=BATCH, lease=lease, now=now)
        self.claimed_s += seconds[0]
        return found

    def _batch(self, claims: list[Claim], now: Any) -> None:
        items = [Item(reference=each.reference, payload=each.payload, deadline=each.deadline) for each in claims]
        with timed() as seconds:
            made = [_completion(outcome) for outcome in workload.process(items, self.context)]
        self.decided_s += seconds[0]
        with timed() as seconds, self.ledger.write() as connection:
            endings.complete(connection, WORKLOAD, list(zip(claims, made, strict=True)), now=now)
        self.completed_s += seconds[0]

    def _item(self, number: int) -> Item:
        study = f"1.2.826.0.1.3680043.8.498.{10_000_000 + number}"
        missing = [View.LMLO] if self.random.random() < INCOMPLETE else []
        images = [self._image(study, view) for view in View if view not in missing]
        payload = {
            "kind": "exam",
            "exam": study,
            "screening_unit": f"unit {number % 12}",
            "return_results": False,
            "images": images,
            "missing": [str(view) for view in missing],
            "obstacles": ["missing-views"] if missing else [],
            "policy": self.context.store.policy,  # type: ignore[attr-defined] # the stub's
            "drawn_for_audit": False,
            "months_since_recall": None,
        }
        received = NOW + timedelta(days=number // DAY)
        return Item(reference=f"{study}/0", payload=payload, deadline=after_working_days(received, 3))

    def _image(self, study: str, view: View) -> dict[str, Any]:
        known = {"sop_instance_uid": f"{study}.{list(View).index(view)}", "view": str(view), "digitised_film": False}
        return {**known, "object": f"sha256:{self.random.randbytes(32).hex()}", "problems": [], "quality": []}


def main() -> None:
    """SQLite as a laptop has it, and PostgreSQL with fsync as a hospital has it; a name chooses one."""
    chosen = sys.argv[1:] or ["SQLite", "PostgreSQL"]
    with benchmark("region_year", "Mammography: a region-year, 60,000 exams' metadata, scoring stubbed") as measured:
        for name in chosen:
            with _database(name) as url:
                _run(measured, name, url)
        _judge(measured)
        measured.notes += [
            "one process does everything, one after the other; rates are of the exams since the row before; a stage's "
            "rate is what it would reach alone; memory is the resident set of that process after a collection, its "
            "clients and servers' caches included",
            f"pages: {VISITS} visits each, over HTTP in the process: the first page of 50, one in the middle by key, a "
            "filtered one, and a search; the year goes unread, so the list holds every exam",
            "caught_up_per_s: exams that the worklist follows a second; a page that comes first does this itself",
            f"read_per_s: decisions recorded a second, by two readers of {READ} exams, each with the exam that follows",
        ]


def _run(measured: Benchmark, name: str, url: str) -> None:
    migrations.upgrade(url)
    store = StubStore()
    with closing(Ledger(url)) as ledger, portal({}) as over:
        year = Year(name, ledger, over(ledger), Context(store=store, engine=StubEngine()))
        before = year.exams
        for size in AT:
            began = _parts(year)
            while year.exams < size:
                year.day()
            spent = {part: seconds - began[part] for part, seconds in _parts(year).items()}
            _row(measured, year, year.exams - before, spent)
            before = year.exams
        measured.notes.append(f"{name}: read_per_s {_readings(year):.1f} with {EXAMS} exams in the list")


def _row(measured: Benchmark, year: Year, exams: int, spent: Mapping[str, float]) -> None:
    pages = _pages(year)
    gc.collect()
    measured.row(
        database=year.name,
        exams=year.exams,
        exams_per_s=exams / sum(spent.values()),
        submitted_per_s=exams / spent["submitted"],
        decided_per_s=exams / spent["decided"],
        claimed_completed_per_s=exams / (spent["claimed"] + spent["completed"]),
        caught_up_per_s=exams / spent["listed"],
        rss_mib=psutil.Process().memory_info().rss / 2**20,
        **{f"{page}_{kind}_ms": value for page, kinds in pages.items() for kind, value in kinds.items()},
    )


def _parts(year: Year) -> dict[str, float]:
    return {part: getattr(year, f"{part}_s") for part in ("submitted", "claimed", "decided", "completed", "listed")}


def _pages(year: Year) -> dict[str, dict[str, float]]:
    with year.ledger.read() as connection:
        middle = listing.page(connection, Filter(), "ann", limit=year.exams // 2).after
    addresses = {
        "first": "/mammography/",
        "middle": f"/mammography/?after={middle}",
        "filter": "/mammography/?code=missing-views&unit=unit 7",
        "search": f"/mammography/?exam={10_000_000 + year.exams - 1}",
    }
    found = {}
    for page, address in addresses.items():
        year.visit.page(address)
        times = []
        for _ in range(VISITS):
            with timed() as seconds:
                year.visit.page(address)
            times += seconds
        found[page] = {"p50": 1e3 * percentile(times, 0.5), "p95": 1e3 * percentile(times, 0.95)}
    return found


def _readings(year: Year) -> float:
    """Decisions a second, from the top of the list, by two readers."""
    with year.ledger.read() as connection:
        chosen: list[UUID] = [row.item_id for row in listing.page(connection, Filter(), "ann", limit=READ).rows]
    with timed() as seconds:
        for reader in ("ann", "bo"):
            for item_id in chosen:
                _read(year.ledger, item_id, reader)
    return sum(2 for _ in chosen) / seconds[0]


def _read(ledger: Ledger, item_id: UUID, reader: str) -> None:
    decision = ReadingDecision.NO_RECALL
    with ledger.write() as connection:
        readings.record(connection, item_id, reader=reader, decision=decision, score_seen=True, now=NOW)
    catch_up(ledger)
    with ledger.read() as connection:
        listing.following(connection, reader, "")


def _judge(measured: Benchmark) -> None:
    last = [row for row in measured.rows if row["exams"] == EXAMS]
    slowest = max(float(str(row[name])) for row in last for name in row if name.endswith("p95_ms"))
    measured.bar(f"every page at {EXAMS} exams within {SLOWEST_P95_MS:.0f} ms (95 %)", slowest <= SLOWEST_P95_MS)
    for row in last:
        (early,) = [each for each in measured.rows if (each["database"], each["exams"]) == (row["database"], 10_000)]
        grown = float(str(row["rss_mib"])) - float(str(early["rss_mib"]))
        measured.bar(
            f"{row['database']}: memory grows by at most {MOST_GROWTH_MIB:.0f} MiB from 10,000 to {EXAMS} exams",
            grown <= MOST_GROWTH_MIB,
        )


def _completion(outcome: Outcome) -> Completion:
    return Completion(
        outcome=outcome,
        effects=list(workload.effects(outcome)),
        saved=list(workload.benefits(outcome)),
        scores=workload.scores(outcome),
    )


def _request(reference: str, items: list[Item]) -> Request:
    return Request(
        workload=WORKLOAD,
        tenant="region",
        reference=reference,
        document={},
        items=items,
        priority=Priority.CLINICAL,
        submitted_by="bench",
    )


@contextmanager
def _database(name: str) -> Iterator[str]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'ledger.db'}"
        return
    try:
        with running_postgresql(fsync=True) as server:
            yield server.create()
    except NoPostgreSQLError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
