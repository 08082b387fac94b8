"""A tiny workload: doubles numbers. Some numbers make it misbehave on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

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

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_registry.verified import VerifiedModel

#: `split` refuses a document with this number.
REFUSED = 13
#: `split` falls over, with personal data in the message, at this number.
FATAL = 666
#: What the message of the fatal error quotes.
PERSONAL = "010203-1234"


class Numbers(BaseModel):
    """Numbers to double."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"numbers": [1, 2], "objects": []}]})

    numbers: list[int] = Field(max_length=5000)
    objects: list[str] = []
    note: JsonValue = None


class Tallying:
    """One item a number, one an object."""

    name = "tallying"
    title: Mapping[str, str] = {"da": "Tælleri", "en": "Tallying"}
    priority = Priority.OPERATIONAL
    submission: type[BaseModel] = Numbers
    resources = Resources()
    models: Mapping[str, ModelUse] = {}

    def split(self, submission: Numbers, store: Store) -> Iterable[Item]:
        if REFUSED in submission.numbers:
            raise InputError(f"{REFUSED} brings bad luck. Leave it out.", field="numbers")
        if FATAL in submission.numbers:
            raise RuntimeError(f"cannot count for {PERSONAL}")
        for reference in submission.objects:
            yield Item(reference=reference, payload={"bytes": len(store.get(reference))})
        for number in submission.numbers:
            yield Item(reference=str(number), payload={"number": number} | _noted(submission))

    def load(self, models: Mapping[str, VerifiedModel]) -> None:
        return None

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [Outcome(reference=item.reference, verdict=Verdict.DONE, result=dict(item.payload)) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [
            Outcome(reference=item.reference, verdict=Verdict.WAITING_FOR_PERSON, reason="a person counts")
            for item in items
        ]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        return {"fields": float(len(outcome.result))}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        return ()

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        return ()

    def receivers(self) -> Mapping[str, Receiver]:
        return {}

    def routes(self) -> APIRouter | None:
        return None


def _noted(submission: Numbers) -> dict[str, JsonValue]:
    return {} if submission.note is None else {"note": submission.note}


def document(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"numbers": list(numbers), **more}
