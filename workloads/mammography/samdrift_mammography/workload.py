"""Breast-screening triage as a workload of the platform. Research demonstrator, not a medical device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from samdrift_mammography import settings, submission
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.results.sending import PACS, effects_of
from samdrift_mammography.submission import MammographySubmission
from samdrift_mammography.triage import Reading
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

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_mammography.scoring import Engine
    from samdrift_registry.verified import VerifiedModel

MODEL = "mammography-triage"
_READINGS_SAVED = (
    "One reading saved for every exam that the policy gives to one radiologist instead of two. "
    "Counted from the decision, not measured in the clinic; arbitration is not counted."
)


class MammographyWorkload:
    """DICOM exams in; a reading order, and one or two readers for each exam, out."""

    name = "mammography"
    title: Mapping[str, str] = {"en": "Mammography worklist", "da": "Arbejdsliste, mammografi"}
    priority = Priority.CLINICAL
    subject_kind = "patient-id"  # as `dicom` makes the pseudonyms of headers
    submission: type[BaseModel] = MammographySubmission
    models: Mapping[str, ModelUse] = {
        MODEL: ModelUse(suite="mammography-triage", policy="mammography-triage"),
    }

    def __init__(self) -> None:
        # One exam at a time: four views are seconds of work, so a larger batch would only make the next exam wait.
        self.resources = Resources(cpus=1.0, gpus=settings.gpus(), memory_mib=1024, largest_batch=1, most_replicas=2)

    def split(self, submission_: MammographySubmission, store: Store) -> Iterable[Item]:
        """One item for each exam, and one for each file that no exam can be made of."""
        return submission.split(submission_, store)

    def load(self, models: Mapping[str, VerifiedModel]) -> Engine:
        """The network with the verified head."""
        from samdrift_mammography.scoring import Engine

        return Engine.load(models[MODEL].folder, models[MODEL])

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Score and triage each exam; refuse each unreadable file with its reason."""
        return [self._refused(item) if item.payload["kind"] == "file" else _triaged(item, context) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Without a model: every exam is read by two, as before there was one; each file is refused as ever.

        So it is while the workload is stopped, and for a woman who has objected to automated processing.
        """
        from samdrift_mammography.reading import stopped

        return [
            self._refused(item)
            if item.payload["kind"] == "file"
            else stopped(item, context.store, objected=context.objected)
            for item in items
        ]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """The decision, as readings and priority; and of a scored exam its step and its highest raw model value."""
        if "reading" not in outcome.result:  # a refused file
            return {}
        reading, step = outcome.result["reading"], outcome.result["score"]
        decided = {
            "readings": 1 if reading == Reading.SINGLE else 2,
            "priority": int(reading == Reading.DOUBLE_PRIORITY),
        }
        return decided if step is None else {**decided, "step": float(cast(int, step)), "lesion": _highest(outcome)}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """One for each document that the PACS is to have."""
        return effects_of(outcome.result)

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Readings saved against double reading of every exam."""
        if outcome.result.get("reading") == Reading.SINGLE:
            yield Benefit(measure="readings saved", quantity=1.0, unit="readings", method=_READINGS_SAVED)

    def receivers(self) -> Mapping[str, Receiver]:
        """The PACS of the settings."""
        from samdrift_mammography.results.pacs import receiver

        return {PACS: receiver()}

    def routes(self) -> APIRouter | None:
        """The worklist and the exam's page; below the same address, DICOMweb and the programs' way in."""
        from fastapi import APIRouter

        from samdrift_mammography import arrivals, pages, stow

        together = APIRouter()
        for part in (pages, arrivals, stow):
            together.include_router(part.router())
        return together

    def _refused(self, item: Item) -> Outcome:
        code = str(item.payload["code"])
        return Outcome(
            reference=item.reference,
            verdict=Verdict.REJECTED,
            result={"code": code, "banner": BANNER},
            reason=f"{item.payload['message']} ({code})",
        )


def _highest(outcome: Outcome) -> float:
    views = cast(Sequence[Mapping[str, Any]], outcome.result["views"])
    return max(float(view["score"]) for view in views if view["score"] is not None)


def _triaged(item: Item, context: Context) -> Outcome:
    from samdrift_mammography.reading import triaged

    return triaged(item, context.store, context.engine)


workload = MammographyWorkload()
