"""Automated administrative work as a workload of the platform: it hosts every installed process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from pydantic import BaseModel

from samdrift_platform.contract import (
    Benefit,
    Context,
    Effect,
    Item,
    ModelUse,
    Outcome,
    Priority,
    Receiver,
    Resources,
    Store,
    Verdict,
)
from samdrift_platform.errors import InputError
from samdrift_platform.impersonal import quoted_in
from samdrift_platform.lanes import Lane
from samdrift_platform.parts import Particulars
from samdrift_platform.retention import Retention
from samdrift_rpa.conduct import conduct, planned_in, to_a_person
from samdrift_rpa.process import Process, ProcessError
from samdrift_rpa.processes import installed
from samdrift_rpa.submission import split, submission_model

if TYPE_CHECKING:
    import sqlalchemy as sa
    from fastapi import APIRouter

    from samdrift_registry.verified import VerifiedModel


class RobotWorkload:
    """Processes whose cases are handled once, and only once; a person decides where judgement is needed."""

    name = "rpa"
    title: Mapping[str, str] = {"da": "Administrative opgaver", "en": "Administrative work"}
    priority = Priority.ADMINISTRATIVE
    resources = Resources(cpus=1.0, memory_mib=768, largest_batch=20, most_replicas=1)

    def __init__(self, processes: Mapping[str, Process[Any, Any]]) -> None:
        """Host `processes`, by name."""
        self.processes = processes
        self.submission: type[BaseModel] = submission_model(processes)
        self.models: Mapping[str, ModelUse] = {
            name: use for process in processes.values() for name, use in process.models.items()
        }

    def split(self, submission: Any, store: Store) -> Iterable[Item]:
        """One item per case; an InputError where one quotes a CPR number, which belongs into a stored object."""
        for number, case in enumerate(submission.root.cases):
            if quoted := quoted_in(case.model_dump(mode="json"), ()):
                raise InputError(
                    f"Case {number} quotes a CPR number. Put what is personal into an object (POST /v1/objects), and "
                    "name that in the case.",
                    field=f"/document/cases/{number}{quoted[0]}",
                )
        return split(self.processes[submission.root.process], submission.root, store)

    def lane_title(self, lane: str) -> Mapping[str, str]:
        """The process's title; empty for one that is not installed any more."""
        return self.processes[lane].title if lane in self.processes else {}

    def effect_title(self, lane: str, step: str) -> Mapping[str, str]:
        """What the process says that it does outside."""
        declared = self.processes[lane].effects if lane in self.processes else ()
        return next((each.title for each in declared if each.step == step), {})

    def item_title(self, lane: str, item: Particulars) -> Mapping[str, str]:
        """What its process calls the case; empty for one of a process that is not installed any more."""
        if (process := self.processes.get(lane)) is None:
            return {}
        return process.designation(item.result, item.deadline - process.answer_within if item.deadline else None)

    def item_address(self, item_id: UUID) -> str:
        """The page of the case."""
        return f"/{self.name}/cases/{item_id}"

    def lanes(self) -> Mapping[str, Lane]:
        """A lane for each process, with its hours and its limit."""
        return {
            name: Lane(is_open=process.hours.is_open, most_at_once=process.most_at_once)
            for name, process in self.processes.items()
        }

    def erase_evidence(self, now: datetime, *, dry_run: bool) -> int:
        """Pictures and traces of web forms whose time is over."""
        from samdrift_platform.ledger.database import Ledger
        from samdrift_platform.objects import ObjectStore
        from samdrift_platform.settings import load
        from samdrift_rpa.evidence.expiry import erase_expired

        settings = load()
        with closing(Ledger(settings.ledger_url)) as ledger:
            return erase_expired(ledger, ObjectStore(settings.objects_url), now=now, dry_run=dry_run)

    def erase_rows(self, connection: sa.Connection) -> None:
        """Of the journal of messages: it holds pseudonyms of those who got one."""
        from samdrift_platform.mail.journal import erase_mail
        from samdrift_rpa.tables import mail

        erase_mail(connection, mail)

    def retention(self, lane: str) -> Retention:
        """The knobs of the process; of one that is installed no more, the usual ones."""
        return self.processes[lane].retention if lane in self.processes else Retention()

    def load(self, models: Mapping[str, VerifiedModel]) -> Mapping[str, Any]:
        """What each process needs for its steps."""
        return {name: process.load(models) for name, process in self.processes.items()}

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Each item through the steps of its process."""
        return [
            conduct(process, item, context.store, context.engine[process.name])
            for item, process in ((item, self._process_of(item)) for item in items)
        ]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Each item to a person; no step is taken."""
        return [to_a_person(self._process_of(item), item, context.store, objected=context.objected) for item in items]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """Whether a person decides, and what a process scored itself (its fact `scores`)."""
        own = cast(Mapping[str, float], outcome.result.get("scores") or {})
        return {"to_person": int(outcome.verdict is Verdict.WAITING_FOR_PERSON), **own}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """What the steps planned, in their order."""
        return planned_in(outcome)

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Minutes saved, as the organisation estimates them: a case by hand, less what people spent on decisions.

        A case that a person handled in the robot's place saves nothing; a rejected one costs its decisions. Its process
        says how many minutes; a policy that says otherwise is noted as the fact `time_saved` (`OwnMinutes`).
        """
        if outcome.verdict not in (Verdict.DONE, Verdict.REJECTED) or "by_hand" in outcome.result:
            return
        if outcome.verdict is Verdict.DONE:
            minutes, whose = self._minutes(outcome, "time_spend_per_occurance_min")
            method = f"OS2autoproces timeSpendPerOccurance, {whose}; not measured"
            yield Benefit(measure="working_time", quantity=minutes, unit="min", method=method)
        if decisions := cast(int, outcome.result.get("decisions", 0)):
            minutes, whose = self._minutes(outcome, "decision_min")
            method = f"minutes of each person for each decision, {whose}; not measured"
            yield Benefit(measure="time_for_decisions", quantity=-decisions * minutes, unit="min", method=method)

    def _minutes(self, outcome: Outcome, name: str) -> tuple[float, str]:
        """Those of this name, and whose estimate they are."""
        own = cast(Mapping[str, Any], outcome.result.get("time_saved") or {})
        if name in own:
            return float(own[name]), f"an estimate in policy {own['policy']}"
        saved = self.processes[str(outcome.result["process"])].time_saved
        return float(getattr(saved, name)), "the organisation's estimate"

    def receivers(self) -> Mapping[str, Receiver]:
        """Those that the processes name: shipped ones and their own."""
        from samdrift_rpa.receivers.shipped import SHIPPED

        makers: dict[str, Callable[[], Receiver]] = {}
        for process in self.processes.values():
            for name in process.declared.values():
                maker = process.receivers.get(name) or SHIPPED.get(name)
                if maker is None or makers.setdefault(name, maker) is not maker:
                    raise ProcessError(f"{process.name} hands effects to {name!r}, which is nobody, or two parties.")
        return {name: make() for name, make in makers.items()}

    def routes(self) -> APIRouter | None:
        """The pages below `/rpa`."""
        from samdrift_rpa.pages import router

        return router()

    def _process_of(self, item: Item) -> Process[Any, Any]:
        return self.processes[str(item.payload["process"])]


workload = RobotWorkload(installed())
