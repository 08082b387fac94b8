"""The oracle: answers every question with the one number that its model holds."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

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

    from samdrift_registry.verified import VerifiedModel

#: The registered name of its model.
MODEL = "one-number"


class Questions(BaseModel):
    """Questions to answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"questions": ["why?"]}]})

    questions: list[str]


class OracleWorkload:
    """One item a question."""

    name = "oracle"
    title: Mapping[str, str] = {"da": "Orakel", "en": "Oracle"}
    priority = Priority.OPERATIONAL
    submission: type[BaseModel] = Questions
    resources = Resources(cpus=1.0, memory_mib=64, largest_batch=8)
    models: Mapping[str, ModelUse] = {MODEL: ModelUse(suite="none", policy="none")}

    def split(self, submission: Questions, store: Store) -> Iterable[Item]:
        """In the order of the questions."""
        return [Item(reference=question, payload={}) for question in submission.questions]

    def load(self, models: Mapping[str, VerifiedModel]) -> float:
        """The number at the end of the safetensors file."""
        data = (models[MODEL].folder / "model.safetensors").read_bytes()
        (number,) = struct.unpack("<f", data[-4:])
        return float(number)

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """The number, for each."""
        result = {"number": context.engine}
        return [Outcome(reference=item.reference, verdict=Verdict.DONE, result=result) for item in items]

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """Nobody is told."""
        return ()

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Nothing is saved."""
        return ()

    def receivers(self) -> Mapping[str, Receiver]:
        """There are none."""
        return {}

    def routes(self) -> APIRouter | None:
        """No pages."""
        return None


oracle = OracleWorkload()
