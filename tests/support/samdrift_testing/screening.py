"""A reading centre on a ledger: exams with results, refused files, readings, in a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, Request

from samdrift_mammography import readings
from samdrift_mammography.pages import asking
from samdrift_mammography.readings import ReadingDecision, Standing
from samdrift_mammography.worklist.following import WORKLOAD, catch_up
from samdrift_mammography.workload import workload
from samdrift_platform.contract import Priority, Verdict
from samdrift_platform.control import problems
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.shell import Shell, current_shell, shell_for
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_testing.in_process import in_process
from samdrift_testing.work import NOW, claim, complete, item, look, submit

BLANK: Mapping[str, Any] = {
    "screening_unit": "unit",
    "score": 5,
    "reading": "double",
    "reasons": ["score"],
    "missing": [],
    "views": [],
    "policy": "triage 1@sha256:0",
    "single_reading_up_to": 3,
    "priority_from": 9,
    "reference_population": "women",
}


@dataclass
class Centre:
    """Puts exams into `ledger` and reads them."""

    ledger: Ledger
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def exam(
        self,
        exam: str,
        *,
        deadline: datetime | None = NOW + timedelta(days=3),
        steps: Sequence[str] = (),
        payload: Mapping[str, Any] | None = None,
        **result: Any,
    ) -> UUID:
        """An exam with a result, `BLANK` but for what is said."""
        known = {**BLANK, **result, "exam": exam}
        claimed = self._claimed(exam, deadline, known["screening_unit"], payload or {})
        complete(self.ledger, claimed, verdict=Verdict.DONE, result=known, steps=steps, reason="a reason")
        return UUID(str(claimed.id))

    def queued(self, exam: str, unit: str = "unit") -> None:
        """An exam that waits for its score; put in last."""
        self._submit(exam, NOW + timedelta(days=3), unit, {})

    def refused(self, code: str = "empty", position: int = 1, files: int = 1) -> UUID:
        """A file that no exam can be made of."""
        payload = {"kind": "file", "position": position, "files": files, "code": code}
        claimed = self._claimed(f"file-{position}", None, "unit", payload)
        complete(self.ledger, claimed, verdict=Verdict.REJECTED, result={"code": code}, reason=f"Refused. ({code})")
        return UUID(str(claimed.id))

    def read(self, item_id: UUID, reader: str, decision: str = "no_recall", *, seen: bool = True) -> Standing:
        """What `reader` decided."""
        chosen = ReadingDecision(decision)
        with self.ledger.write() as connection:
            return readings.record(connection, item_id, reader=reader, decision=chosen, score_seen=seen, now=NOW)

    def caught_up(self) -> Ledger:
        """The ledger, with its worklist up to date."""
        catch_up(self.ledger)
        return self.ledger

    def name(self, item_id: UUID) -> str:
        """The exam of an item."""
        return str(look(self.ledger, item_id).result["exam"])

    def _claimed(self, exam: str, deadline: datetime | None, unit: str, payload: Mapping[str, Any]) -> Any:
        self._submit(exam, deadline, unit, payload)
        (claimed,) = claim(self.ledger, workload=WORKLOAD)
        assert claimed.reference.startswith(f"{exam}/"), "an exam that was only queued stands before this one"
        return claimed

    def _submit(self, exam: str, deadline: datetime | None, unit: str, payload: Mapping[str, Any]) -> None:
        number = next(self._numbers)
        known = {"kind": "exam", "exam": exam, "screening_unit": unit, "images": [], **payload}
        made = item(f"{exam}/{number}", deadline, **known)
        submit(self.ledger, f"s{number}", [made], workload=WORKLOAD, priority=Priority.CLINICAL)


@dataclass(frozen=True, kw_only=True)
class CentreReading(GivenReading):
    """Items and effects from a ledger; what else pages read is given."""

    ledger: Ledger

    def item(self, item_id: UUID) -> WorkItem:
        """One item."""
        return look(self.ledger, item_id)


@dataclass
class Visit:
    """A portal over a ledger, opened by any reader, and the exams in it by name."""

    centre: Centre
    app: FastAPI
    transport: httpx.BaseTransport
    exams: dict[str, UUID] = field(default_factory=dict)

    def get(self, path: str, language: str = "en", reader: str = "ann") -> httpx.Response:
        """The answer, whatever it is."""
        with self._client(reader) as client:
            return client.get(path, headers={"Accept-Language": language})

    def page(self, path: str, language: str = "en", reader: str = "ann") -> str:
        """The text of a page that is there."""
        answer = self.get(path, language, reader)
        assert answer.status_code == 200, answer.text
        return answer.text

    def decide(self, exam: str, decision: str, reader: str = "ann") -> httpx.Response:
        """What the form answers."""
        with self._client(reader) as client:
            return client.post(
                f"{self.at(exam)}/reading", data={"decision": decision}, headers={"Accept-Language": "en"}
            )

    def at(self, exam: str) -> str:
        """The address of an exam's page."""
        return f"/mammography/exams/{self.exams[exam]}"

    def _client(self, reader: str) -> httpx.Client:
        def shell(request: Request) -> Shell:
            return shell_for(request, user=reader)

        self.app.dependency_overrides[current_shell] = shell
        return httpx.Client(transport=self.transport, base_url="http://portal.test")


@contextmanager
def portal(objects: Mapping[str, bytes]) -> Iterator[Callable[[Ledger], Visit]]:
    """The workload's pages, to be opened over one ledger after the other, two hours after everything in it came."""
    app = portal_of(workload, objects=objects)
    problems.install(app)
    app.dependency_overrides[asking.now] = lambda: NOW + timedelta(hours=2)
    with in_process(app) as transport:

        def over(ledger: Ledger) -> Visit:
            app.state.ledger, app.state.reading = ledger, CentreReading(ledger=ledger)
            return Visit(Centre(ledger), app, transport)

        yield over
