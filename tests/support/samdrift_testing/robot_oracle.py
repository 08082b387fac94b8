"""The robots' oracle: cases of three processes, workers that die at every point, and what the parties' logs say.

What went in must come out, once (Jepsen's total-queue). Nothing that the ledger says counts: the judges are the logs of
the ERP system, the access point, the case system, Digital Post and the register of driving licences, all of which fail
after doing the work, and none of which (but the case system, of cases) notices when it is asked to do the same twice.
"""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from samdrift_platform.contract import Priority
from samdrift_platform.ledger import items, submissions, tables, verification
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.effects import STOPPED
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.processes import process_called
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.robot_oracle_cases import FORMS, TENANT, Case, applications, invoices, letters, workload_of
from samdrift_testing.robot_oracle_crew import Crew
from samdrift_testing.robot_oracle_parties import Parties, running_parties
from samdrift_testing.robot_oracle_worker import (
    FORM_LEASE,
    FORM_TIMEOUT_S,
    LEASE,
    OF_PEOPLE,
    TIMEOUT_S,
    Office,
    Plan,
    Point,
    Setting,
    Worker,
)

#: A process that stalls between looking at the clock and calling is beyond us: the receiver has the key for that.
_ASLEEP = tuple(point for point in Point if point not in (Point.CALLING, *OF_PEOPLE))
_OF_CLAIMS = (Point.BEFORE_CLAIM, Point.CLAIMED, Point.PROCESSED, Point.COMMITTED)
#: Cases of one submission, at most; and in how many parts each process's are sent at least.
_MOST_TOGETHER, _PARTS = 200, 8
#: When they came in: so long apart that the processes' deadlines, which differ by days, take turns.
_FIRST_RECEIVED, _RECEIVED_WITHIN = datetime(2026, 8, 24, 6, 0, tzinfo=UTC), timedelta(days=90)
#: How far the clock of all is set forward, in seconds: beyond every lease.
_JUMP_S = 300.0
#: How often the ledger is looked at, and how often somebody is told how far it is, in seconds.
_LOOK_S, _TELL_S = 0.5, 30.0
PROCESSES = ("invoices", "digital_post", "driving_licence")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much goes in, and how much goes wrong."""

    invoices: int
    letters: int
    #: 0: no browser is started.
    applications: int
    #: SIGKILL at each of the ten points, by plan.
    kills_a_point: int
    #: Of those of the applications' own workers, all points together.
    form_kills: int
    #: SIGKILL of a worker at any moment.
    kills_anywhere: int
    #: SIGSTOP beyond the lease at each point where that is not beyond us.
    sleeps_a_point: int
    #: PostgreSQL stopped with `-m immediate`.
    crashes: int
    #: The clock of all is set forward beyond every lease.
    jumps: int
    workers: int = 3
    patience_s: float = 1800.0


@dataclass(kw_only=True)
class Verdict:
    """What the oracle found."""

    items: int
    #: What the parties' logs must hold in the end.
    expected: int
    lost: list[str]
    doubled: list[str]
    unexpected: list[str]
    #: Effects of which nobody can tell, or that were refused: `reference step`.
    unknown: list[str]
    #: Items that have not ended, or not as they should: `reference state`.
    unended: list[str]
    #: The audit chain holds.
    intact: bool
    killed: Counter[str]
    slept: int
    crashes: int
    jumps: int
    #: A party failed after it had done the work.
    failed_after: int
    #: Decisions of people.
    decided: int
    #: Claims of items, and attempts of effects, beyond the first.
    tried_again: int
    asked_again: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Nothing is lost, done twice or unexpected, and everything has ended."""
        wrong = (self.lost, self.doubled, self.unexpected, self.unended)
        return not any(wrong) and self.intact


@dataclass(frozen=True)
class Sent:
    """One submission."""

    process: str
    reference: str
    received_at: datetime
    given: Sequence[dict[str, str]]


@dataclass(frozen=True)
class Trouble:
    """Something that happens once so large a share of the items has ended."""

    share: float
    happen: Callable[[], None]


@dataclass(kw_only=True)
class Oracle:
    """One run."""

    url: str
    folder: Path
    size: Size
    #: Stops PostgreSQL at once and starts it again; None: there is nothing to stop.
    crash: Callable[[], None] | None = None
    #: Told now and then how far it is.
    tell: Callable[[str], None] = lambda words: None
    _killed: Counter[str] = field(default_factory=Counter)
    _slept: int = 0
    _crashes: int = 0
    _jumps: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def run(self) -> Verdict:
        """Put everything in, let everything go wrong, wait until all has ended, and ask the parties."""
        began = time.monotonic()
        with running_parties(self.folder, with_register=self.size.applications > 0) as parties:
            cases = self._cases(with_forms=parties.register is not None)
            setting = self._setting(parties, cases)
            self._submit(setting, cases)
            self.tell(f"{len(cases)} cases are in after {time.monotonic() - began:.0f} s")
            first = Worker(setting, None, "rpa")
            first.turn()  # whoever is forked from here has everything imported and compiled
            first.end()
            crews = self._crews(setting, with_forms=parties.register is not None)
            try:
                self._work(crews, self._troubles(setting, crews, len(cases)), len(cases))
            finally:
                for crew in crews:
                    crew.end()
            return self._judge(parties, cases, time.monotonic() - began)

    def _cases(self, *, with_forms: bool) -> list[Case]:
        size, store = self.size, self._store()
        forms = applications(size.applications, store) if with_forms else ()
        return [*invoices(size.invoices), *letters(size.letters), *forms]

    def _store(self) -> ObjectStore:
        return ObjectStore((self.folder / "objects").as_uri())

    def _setting(self, parties: Parties, cases: Sequence[Case]) -> Setting:
        workload = RobotWorkload({name: process_called(name) for name in PROCESSES})
        context = multiprocessing.get_context("fork")
        return Setting(
            ledger=Ledger(self.url),
            objects=self.folder / "objects",
            workload=workload,
            engine=workload.load({}),
            receivers=partial(parties.receivers, timeout_s=TIMEOUT_S, form_timeout_s=FORM_TIMEOUT_S),
            decisions={case.reference: case.decisions for case in cases if case.decisions},
            ahead=context.Value("d", 0.0),
        )

    def _submit(self, setting: Setting, cases: Sequence[Case]) -> None:
        """In submissions that overlap, the first of each process sent twice; the processes' cases are due in turns."""
        with closing(Ledger(self.url)) as ledger:
            for process in PROCESSES:
                given = [case.given(self._store()) for case in cases if case.process == process]
                together = max(1, min(_MOST_TOGETHER, len(given) // _PARTS))
                for start in range(0, len(given), together):
                    received_at = _FIRST_RECEIVED + _RECEIVED_WITHIN * start / len(given)
                    part = given[max(0, start - 10) : start + together]
                    for _ in range(2 if start == 0 else 1):
                        self._send(ledger, setting, Sent(process, f"{process} from {start}", received_at, part))

    def _send(self, ledger: Ledger, setting: Setting, sent: Sent) -> None:
        document = {"process": sent.process, "received_at": sent.received_at.isoformat(), "cases": list(sent.given)}
        model = setting.workload.submission.model_validate(document)
        request = Request(
            workload=workload_of(sent.process),
            tenant=TENANT,
            reference=sent.reference,
            document=document,
            items=list(setting.workload.split(model, self._store())),
            priority=Priority.ADMINISTRATIVE,
            submitted_by="olga",
        )
        with ledger.write() as connection:
            submissions.submit(connection, request, now=datetime.now(UTC))

    def _plans(self) -> list[Plan]:
        """All deaths and sleeps of the workers, in the same order on every run."""
        points = [point for point in Point if point not in OF_PEOPLE]
        found = [self._plan(point) for point in points for _ in range(self.size.kills_a_point)]
        sleeps = [self._plan(point, signal.SIGSTOP) for point in _ASLEEP for _ in range(self.size.sleeps_a_point)]
        found += sleeps
        self._random.shuffle(found)
        return found

    def _plan(self, point: Point, number: signal.Signals = signal.SIGKILL, *, most: int = 0) -> Plan:
        most = most or (2 if point in _OF_CLAIMS else 12)
        return Plan(point=point, nth=self._random.randint(1, most), number=number)

    def _people(self) -> list[Plan]:
        return [self._plan(point, most=3) for point in OF_PEOPLE for _ in range(self.size.kills_a_point)]

    def _forms(self) -> list[Plan]:
        points = [point for point in Point if point not in OF_PEOPLE]
        return [self._plan(self._random.choice(points), most=2) for _ in range(self.size.form_kills)]

    def _crews(self, setting: Setting, *, with_forms: bool) -> list[Crew]:
        worker, many = partial(Worker, setting), self.size.workers
        workers = Crew(make=partial(worker, name="rpa"), plans=self._plans(), at_once=many, lease=LEASE)
        people = Crew(make=partial(Office, setting), plans=self._people(), at_once=1, lease=timedelta())
        forms = Crew(make=partial(worker, name=FORMS), plans=self._forms(), at_once=1, lease=FORM_LEASE)
        return [workers, people, *([forms] if with_forms else [])]

    def _work(self, crews: Sequence[Crew], troubles: list[Trouble], number: int) -> None:
        """Until every process that was to live has found that everything has ended."""
        began = told_s = looked_s = time.monotonic()
        while not all(crew.finished for crew in crews):
            for crew in crews:
                crew.fill()
                self._killed.update(crew.bury())
                self._slept += crew.wake()
            now_s = time.monotonic()
            assert now_s - began < self.size.patience_s, f"not within {self.size.patience_s} s"
            if now_s - looked_s > _LOOK_S:
                looked_s, share = now_s, self._share(number)
                while troubles and share >= troubles[0].share:
                    troubles.pop(0).happen()
                if now_s - told_s > _TELL_S:
                    told_s = now_s
                    self.tell(f"{now_s - began:.0f} s: {share:.0%} ended, {self._killed.total()} killed")
            time.sleep(0.02)

    def _troubles(self, setting: Setting, crews: Sequence[Crew], number: int) -> list[Trouble]:
        """What happens when so large a share of the items has ended."""
        crashes = self.size.crashes if self.crash is not None else 0
        kinds: list[Callable[[], None]] = [self._crash] * crashes
        kinds += [partial(self._jump, setting, crews)] * self.size.jumps
        kinds += [crews[0].kill_somebody] * self.size.kills_anywhere
        self._random.shuffle(kinds)
        return [Trouble(0.02 + 0.88 * n / max(1, len(kinds)), kind) for n, kind in enumerate(kinds)]

    def _crash(self) -> None:
        assert self.crash is not None
        self.crash()
        self._crashes += 1

    def _jump(self, setting: Setting, crews: Sequence[Crew]) -> None:
        """Nobody is started for one lease: who starts cannot know that the clock was set."""
        setting.ahead.value += _JUMP_S
        for crew in crews:
            crew.rest()
        self._jumps += 1

    def _share(self, number: int) -> float:
        with closing(Ledger(self.url)) as ledger, suppress(LedgerUnavailableError), ledger.read() as connection:
            counts = items.counts(connection)
            return sum(found.get(s, 0) for found in counts.values() for s in ("done", "rejected")) / number
        return 0.0

    def _judge(self, parties: Parties, cases: Sequence[Case], seconds: float) -> Verdict:
        expected = {done: case.reference for case in cases for done in case.expected}
        done = parties.done()
        with closing(Ledger(self.url)) as ledger, ledger.read() as connection:
            found = {item.reference: item for item in items.find(connection, limit=10 * len(cases))}
            stopped = connection.execute(_STOPPED).all()
            again = connection.execute(_ASKED_AGAIN).scalar_one()
            decided = connection.execute(sa.select(sa.func.count()).select_from(tables.decisions)).scalar_one()
            intact = verification.verify(connection).intact
        assert set(found) == {case.reference for case in cases}
        return Verdict(
            items=len(cases),
            expected=len(expected),
            lost=sorted(f"{reference} {each[0]}" for each, reference in expected.items() if each not in done),
            doubled=sorted(f"{expected.get(each, each[1])} {each[0]} x{n}" for each, n in done.items() if n > 1),
            unexpected=sorted(f"{party} {key}" for party, key in done if (party, key) not in expected),
            unknown=sorted(f"{reference} {step}" for reference, step in stopped),
            unended=sorted(f"{r} {item.state}" for r, item in found.items() if item.state not in ("done", "rejected")),
            intact=intact,
            killed=self._killed,
            slept=self._slept,
            crashes=self._crashes,
            jumps=self._jumps,
            failed_after=parties.failed_after(),
            decided=decided,
            tried_again=sum(item.attempt > 1 for item in found.values()),
            asked_again=again,
            seconds=seconds,
        )


_STOPPED = (
    sa.select(tables.work_items.c.reference, tables.effects.c.step)
    .join_from(tables.effects, tables.work_items, tables.work_items.c.id == tables.effects.c.item_id)
    .where(tables.effects.c.state.in_(STOPPED))
)
_ASKED_AGAIN = sa.select(sa.func.count()).select_from(tables.effects).where(tables.effects.c.attempt > 1)
