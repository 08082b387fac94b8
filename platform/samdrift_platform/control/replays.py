"""Replays and records of use: what an auditor asks of one decision, and of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.audit import AuditRecord
from samdrift_platform.control.dependencies import TheLedger, TheSettings
from samdrift_platform.control.inbox import AskedAnswer
from samdrift_platform.control.items import ITEM, EffectAnswer, ItemAnswer
from samdrift_platform.control.version_answers import DIGEST, ApprovalAnswer
from samdrift_platform.evidence.replay import Replay, replay
from samdrift_platform.evidence.usage import Use, as_csv, as_json_lines, uses

router = APIRouter(tags=["audit"])

_SUBMISSION: dict[str, Any] = {
    "id": "6f1c2d30-5b7e-4d62-9a59-0c3a7f0e1b42",
    "reference": "2026-11-24",
    "submitted_by": "operator",
    "submitted_at": "2026-11-24T06:00:00Z",
}


class ComparedDigest(Answer):
    """A digest as it was recorded, and as it is of what is kept now."""

    model_config = example(recorded="hmac-sha256:" + "0" * 64, recomputed="hmac-sha256:" + "0" * 64, matches=True)

    recorded: str | None = None
    recomputed: str | None = None
    #: Null: nobody can tell, because nothing was recorded or the item was erased.
    matches: bool | None = None


class DecidingVersionAnswer(Answer):
    """A model version that decided, with the evidence on which it served at that moment."""

    model_config = example(
        model="heat-forecast",
        version=3,
        digest=DIGEST,
        slot="champion",
        deployed_by="operator",
        deployed_at="2026-11-24T06:00:00Z",
        policy="energy-forecast/1",
        policy_digest=DIGEST,
        report=DIGEST,
        approvals=[],
    )

    model: str
    version: int
    digest: str
    slot: str | None = None
    deployed_by: str | None = None
    deployed_at: datetime | None = None
    policy: str | None = None
    policy_digest: str | None = None
    report: str | None = None
    #: Those that counted when it was deployed.
    approvals: list[ApprovalAnswer]


class ScoreAnswer(Answer):
    """A named number of the outcome, and the version that found it."""

    model_config = example(model="heat-forecast", version=3, slot="champion", name="forecast_kwh", value=412.5)

    model: str
    version: int
    slot: str
    name: str
    value: float


class SavedAnswer(Answer):
    """What was saved, or spent on computing."""

    model_config = example(kind="saved", measure="heat", quantity=41.5, unit="kWh", method="against fixed setback")

    kind: str
    measure: str
    quantity: float
    unit: str
    method: str


class ReplayedSubmission(Answer):
    """What the item came with."""

    model_config = example(**_SUBMISSION)

    id: UUID
    reference: str
    submitted_by: str
    submitted_at: datetime


class ReplayAnswer(Answer):
    """One decision end to end."""

    model_config = example(
        item=ITEM,
        submission=_SUBMISSION,
        decided_at="2026-11-24T06:00:03Z",
        safe=False,
        objected=False,
        input={"recorded": None, "recomputed": None, "matches": None},
        result={"recorded": None, "recomputed": None, "matches": None},
        models=[],
        scores=[],
        questions=[],
        effects=[],
        benefits=[],
        truths={},
        events=[],
        mismatches=[],
    )

    item: ItemAnswer
    submission: ReplayedSubmission
    #: Null: nothing was decided (yet).
    decided_at: datetime | None = None
    #: No model decided: the workload was stopped, or the person objected.
    safe: bool
    #: The person had objected to automated processing.
    objected: bool
    input: ComparedDigest
    result: ComparedDigest
    models: list[DecidingVersionAnswer]
    scores: list[ScoreAnswer]
    #: What people were asked, and what each of them said.
    questions: list[AskedAnswer]
    effects: list[EffectAnswer]
    benefits: list[SavedAnswer]
    #: Delayed truth: name of the score -> newest value.
    truths: dict[str, float]
    #: About the item and its submission, in order.
    events: list[AuditRecord]
    #: What does not agree, sentences for a person; empty: all that is kept is as it was recorded.
    mismatches: list[str]

    @classmethod
    def of(cls, made: Replay) -> ReplayAnswer:
        """From the ledger's value."""
        values = {name: getattr(made, name) for name in cls.model_fields}
        now = datetime.now(UTC)
        asked = [AskedAnswer.of(each, {}, is_open=each.closed_at is None, now=now) for each in made.questions]
        return cls.model_validate(values | {"item": ItemAnswer.of(made.item), "questions": asked})


class RecordFormat(StrEnum):
    """How records of use are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


Writer: TypeAlias = Callable[[Iterable[Use]], Iterator[bytes]]
_WRITERS: Mapping[RecordFormat, tuple[Writer, str]] = {
    RecordFormat.CSV: (as_csv, "text/csv; charset=utf-8; header=present"),
    RecordFormat.JSON_LINES: (as_json_lines, "application/x-ndjson"),
}
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_RECORDS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": _TEXT, "application/x-ndjson": _TEXT}}}


@router.get("/audit/items/{item_id}")
def replay_item(item_id: UUID, ledger: TheLedger, settings: TheSettings) -> ReplayAnswer:
    """One decision: input, model versions, scores, policy, approvals, effects, each held against what was recorded."""
    with ledger.read() as connection:
        return ReplayAnswer.of(replay(connection, settings.home, item_id))


@router.get("/audit/records", response_class=StreamingResponse, responses=_RECORDS)
def records_of_use(
    ledger: TheLedger,
    workload: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    wanted: Annotated[RecordFormat, Query(alias="format")] = RecordFormat.CSV,
) -> StreamingResponse:
    """Every decision from `since` on and before `until`, for the log that Article 12 of the AI Act asks for."""
    write, media_type = _WRITERS[wanted]
    headers = {"Content-Disposition": f'attachment; filename="records-of-use.{wanted}"'}
    found = uses(ledger, workload=workload, since=since, until=until)
    return StreamingResponse(write(found), media_type=media_type, headers=headers)
