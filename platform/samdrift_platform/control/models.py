"""Models: the versions that the registry vouches for, and which of them the replicas load."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.ledger import pins

router = APIRouter(tags=["models"])


class PinAnswer(Answer):
    """The version that is served."""

    model_config = example(
        model="heat-forecast",
        version=3,
        digest="sha256:" + "0" * 64,
        pinned_by="operator",
        pinned_at="2026-11-24T06:00:00Z",
    )

    model: str
    version: int
    #: Of the signed manifest.
    digest: str
    pinned_by: str
    pinned_at: datetime


class ModelList(Answer):
    """What is served."""

    pins: list[PinAnswer]


@router.get("/models")
def list_models(ledger: TheLedger) -> ModelList:
    """What is served."""
    with ledger.read() as connection:
        return ModelList(pins=[PinAnswer.model_validate(pin) for pin in pins.current(connection).values()])
