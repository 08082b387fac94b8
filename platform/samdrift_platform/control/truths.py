"""Delayed truth: what a biopsy, a meter or the end of a case said about an item's scores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, FiniteFloat, StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheLedger
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.ledger import truths

Plain = StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")

router = APIRouter(tags=["items"])

_TRUTH = {"name": "malignant", "value": 1.0, "source": "histology", "observed_at": "2026-12-10T09:00:00Z"}


class TruthBody(JsonBody):
    """What turned out to be true of one named score. No personal data."""

    #: As the workload names the score.
    name: Annotated[str, Plain]
    #: In the score's unit; 1 and 0 for yes and no.
    value: FiniteFloat
    #: Where it is known from: "histology", "meter", "case closed".
    source: Annotated[str, Plain]
    observed_at: AwareDatetime


class TruthAnswer(Answer):
    """A truth as it was recorded. The newest of an item and a name counts; earlier ones stay."""

    model_config = example(item_id="0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10", **_TRUTH, recorded_by="pathology")

    item_id: UUID
    name: str
    value: float
    source: str
    observed_at: datetime
    recorded_by: str


@router.post("/items/{item_id}/truth", status_code=201, openapi_extra=TruthBody.described(_TRUTH))
def record_truth(item_id: UUID, body: Body, user: SignedIn, ledger: TheLedger) -> TruthAnswer:
    """Say what turned out to be true of a score. Live performance is measured with it."""
    sent = TruthBody.read(body)
    told = sent.model_dump()
    with ledger.write() as connection:
        truths.record(connection, item_id, **told, actor=user.subject, now=datetime.now(UTC))
    return TruthAnswer(item_id=item_id, **told, recorded_by=user.subject)
