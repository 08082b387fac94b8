"""Images of made-up kinds that arrive at a desk, an assembler over the same ledger, and a kill at any statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.tables import exams
from samdrift_mammography.views import View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Effect, Item, Store
from samdrift_platform.ledger import endings, items, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import submissions
from samdrift_testing.screening_study import mammogram, part10

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
QUIET = timedelta(minutes=5)
LEASE = timedelta(seconds=15)
VIEWS = ("RCC", "LCC", "RMLO", "LMLO")
#: Kinds of image of one exam: the standard views, one of them repeated, one that is none, one that is raw.
KINDS = (*VIEWS, "RCC again", "XCCL", "raw")
ONE, OTHER = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.7"


@cache
def small_file(exam: str, kind: str) -> bytes:
    """An image of 8 x 8 pixels; its identifier is the exam's and the place of its kind."""
    tags: dict[str, Any] = {"Rows": 8, "Columns": 8, "PixelData": bytes(128)}
    tags |= {"StudyInstanceUID": exam, "SOPInstanceUID": f"{exam}.{KINDS.index(kind) + 1}"}
    tags |= {"PresentationIntentType": "FOR PROCESSING"} if kind == "raw" else {}
    tags |= {"ViewPosition": "XCCL", "ViewCodeSequence": None} if kind == "XCCL" else {}
    return part10(mammogram(View(kind if kind in VIEWS else "RCC"), **tags))


class Killed(BaseException):
    """The process ends here: nobody catches it."""


@dataclass
class Unit:
    """A desk and an assembler over one ledger, and what a test asks of them."""

    ledger: Ledger
    store: Store = field(default_factory=MemoryStore)

    @property
    def assembler(self) -> Assembler:
        return Assembler(ledger=self.ledger, store=self.store, tenant="demo", return_results=False)

    def receive(self, kind: str, exam: str = ONE, *, now: datetime = NOW, source: str = "dimse:HERLEV2") -> str:
        desk = Desk(ledger=self.ledger, store=self.store, quiet=QUIET)
        return desk.receive(small_file(exam, kind), source=source, now=now).object

    def row(self, exam: str = ONE) -> sa.RowMapping:
        with self.ledger.read() as connection:
            return connection.execute(sa.select(exams).where(exams.c.exam == exam)).mappings().one()

    def documents(self, exam: str = ONE) -> list[dict[str, Any]]:
        """What was submitted of the exam, oldest first."""
        query = sa.select(submissions.c.document).where(submissions.c.reference.startswith(f"received/{exam}/"))
        with self.ledger.read() as connection:
            return list(connection.execute(query.order_by(submissions.c.seq)).scalars())

    def items(self) -> list[WorkItem]:
        with self.ledger.read() as connection:
            return items.find(connection, limit=1000)

    def states(self, exam: str | None = None) -> list[str]:
        """Of the items of an exam, or of all, oldest first."""
        return [str(item.state) for item in self.items() if exam in (None, item.payload["exam"])]

    def finish(self, *, now: datetime = NOW, steps: Sequence[str] = ()) -> int:
        """Let a dispatcher complete what is queued as in the safe state, with these effects; how many items it was."""
        with self.ledger.write() as connection:
            claims = queue.claim(connection, workload="mammography", worker="w", limit=10, lease=LEASE, now=now)
            found = [Item(reference=claim.reference, payload=claim.payload) for claim in claims]
            outcomes = self.assembler.workload.safe(found, Context(store=self.store))
            planned = [Effect(step=step, receiver="pacs", request={}) for step in steps]
            made = [Completion(outcome=outcome, effects=planned) for outcome in outcomes]
            endings.complete(connection, "mammography", list(zip(claims, made, strict=True)), now=now)
        return len(claims)


@contextmanager
def killed_at(ledger: Ledger, statement: int) -> Iterator[None]:
    """Die before the `statement`-th statement of a transaction that writes, counted from 1; 0: never."""
    passed = 0

    def count(connection: Any, cursor: Any, text: str, *rest: Any) -> None:
        nonlocal passed
        if connection.get_execution_options().get("samdrift_begin") == "IMMEDIATE" and not text.startswith("BEGIN"):
            passed += 1
            if passed == statement:
                raise Killed

    def commit(connection: Any) -> None:
        count(connection, None, "COMMIT")

    sa.event.listen(ledger.engine, "before_cursor_execute", count)
    sa.event.listen(ledger.engine, "commit", commit)
    try:
        yield
    finally:
        sa.event.remove(ledger.engine, "before_cursor_execute", count)
        sa.event.remove(ledger.engine, "commit", commit)
