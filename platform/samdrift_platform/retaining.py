"""One retention run: what is over its time is erased, lane by lane, then the objects that nothing refers to any more.

Everything is done in short transactions, each of which leaves ledger and objects whole. A run that is killed is simply
run again; two at once do nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from samdrift_platform.contract import Workload
from samdrift_platform.lanes import lanes_of
from samdrift_platform.ledger import expiring, living
from samdrift_platform.ledger import retention as erasing
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.retention import Batch, Rule
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retention import KeepsEvidence, KeepsRows, Retains, Retention, retention_of

#: An object that was put so lately stays: somebody may be about to submit work that names it.
GRACE = timedelta(days=1)
#: Objects that are removed between two looks at what came in meanwhile.
_AT_A_TIME = 100


class _Erase(Protocol):
    def __call__(
        self, connection: sa.Connection, rule: Rule, after: int, *, now: datetime, dry_run: bool = False
    ) -> Batch: ...


#: What is counted -> how it is erased, in this order.
ERASE: Mapping[str, _Erase] = {
    "documents": erasing.erase_documents,
    "items": erasing.erase_items,
    "comments": erasing.erase_comments,
}


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What a run took away, or would take away."""

    #: Workload, lane and "items", "documents" or "comments" -> of how many items.
    counts: Mapping[tuple[str, str, str], int]
    #: Stored objects that were removed; in a dry run those that are due already.
    objects: int
    #: Workload -> pieces of evidence.
    evidence: Mapping[str, int]

    @property
    def total(self) -> dict[str, int]:
        """By kind, over all lanes."""
        found = dict.fromkeys([*ERASE, "objects", "evidence"], 0)
        for (_, _, kind), number in self.counts.items():
            found[kind] += number
        return found | {"objects": self.objects, "evidence": sum(self.evidence.values())}

    def sentences(self) -> Iterator[str]:
        """For a person; nothing where nothing was taken away."""
        for (workload, lane, kind), number in self.counts.items():
            if number:
                yield f"{workload} {lane}".strip() + f": {_KINDS[kind]} of {number} items"
        if self.objects:
            yield f"{self.objects} stored objects that nothing refers to any more"
        yield from (f"{name}: {number} pieces of evidence" for name, number in self.evidence.items() if number)


_KINDS = {
    "items": "payload, result, requests and answers",
    "documents": "the documents that came in",
    "comments": "comments on decisions",
}


@dataclass(frozen=True, kw_only=True)
class Retaining:
    """A run over one installation."""

    ledger: Ledger
    store: ObjectStore
    workloads: Mapping[str, Workload]
    now: datetime
    dry_run: bool = False
    grace: timedelta = GRACE

    def run(self) -> Erased:
        """Take away what is over its time, and record how much."""
        counts = {
            (rule.workload, rule.lane, kind): self._all(rule, erase)
            for rule in self._rules()
            for kind, erase in ERASE.items()
        }
        if not self.dry_run:
            self._rows()
        evidence = {
            name: workload.erase_evidence(self.now, dry_run=self.dry_run)
            for name, workload in self.workloads.items()
            if isinstance(workload, KeepsEvidence)
        }
        made = Erased(counts=counts, objects=self._objects(), evidence=evidence)
        if not self.dry_run and any(made.total.values()):
            with self.ledger.write() as connection:
                erasing.record_run(connection, made.total, now=self.now)
        return made

    def _rules(self) -> Sequence[Rule]:
        with self.ledger.read() as connection:
            found = erasing.lanes(connection)
        return [
            Rule(workload=name, lane=lane, retention=retention_of(self.workloads[name], lane))
            for name, lane in found
            if name in self.workloads
        ]

    def _all(self, rule: Rule, erase: _Erase) -> int:
        number, after = 0, 0
        while True:
            with self.ledger.read() if self.dry_run else self.ledger.write() as connection:
                batch = erase(connection, rule, after, now=self.now, dry_run=self.dry_run)
            number += batch.number
            if batch.after is None:
                return number
            after = batch.after

    def _rows(self) -> None:
        """What workloads keep in tables of their own about items that are erased; also what a killed run left."""
        for workload in self.workloads.values():
            if isinstance(workload, KeepsRows):
                with self.ledger.write() as connection:
                    workload.erase_rows(connection)

    def _objects(self) -> int:
        """Remove what is due and unused; what something living refers to is forgotten here, and told of again later."""
        with self.ledger.read() as connection:
            due = [each for each in expiring.expired(connection, now=self.now) if self._is_old(each)]
            used = living.living(connection, due) if due else set()
            newest = living.newest(connection)
        unused = [each for each in due if each not in used]
        if self.dry_run:
            return len(unused)
        self._forget(used)
        return sum(self._remove(unused[at : at + _AT_A_TIME], newest) for at in range(0, len(unused), _AT_A_TIME))

    def _remove(self, references: Sequence[str], newest: int) -> int:
        with self.ledger.read() as connection:
            used = living.living(connection, references, newer_than=newest)
        gone = [each for each in references if each not in used and self._is_old(each)]
        number = sum(self.store.remove(each) for each in gone)
        self._forget({*gone, *used})
        return number

    def _forget(self, references: set[str]) -> None:
        if references:
            with self.ledger.write() as connection:
                expiring.forget(connection, references, now=self.now)

    def _is_old(self, reference: str) -> bool:
        """Not put lately. One that is not here is old: a run that was killed removed it."""
        age = self.store.age(reference, now=datetime.now(UTC))
        return age is None or age >= self.grace


def kept(workloads: Mapping[str, Workload]) -> list[tuple[str, str, Retention]]:
    """Workload, lane and its knobs, of the lanes that workloads declare; one without lanes has the lane ""."""
    return [
        (name, lane, retention_of(workload, lane))
        for name, workload in workloads.items()
        if isinstance(workload, Retains)
        for lane in (sorted(lanes_of(workload)) or [""])
    ]


def run(*, dry_run: bool = False) -> Erased:
    """One run over the installation that the settings name."""
    from samdrift_platform import plugins
    from samdrift_platform.settings import load

    settings = load()
    ledger = Ledger(settings.ledger_url)
    try:
        return Retaining(
            ledger=ledger,
            store=ObjectStore(settings.objects_url),
            workloads=plugins.workloads(plugins.workload_names(settings.workloads)),
            now=datetime.now(UTC),
            dry_run=dry_run,
        ).run()
    finally:
        ledger.close()
