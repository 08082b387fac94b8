"""The oracle: answers every question with the one number that its model holds. Some numbers are unkind."""

from __future__ import annotations

import os
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
#: A model that cannot be loaded, one that takes its process down while it is, and two that do so at work.
UNLOADABLE, DEADLY, RAISES, EXITS = -1.0, -2.0, -3.0, -4.0


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
        if number == UNLOADABLE:
            raise ValueError("this number cannot be loaded")
        if number == DEADLY:
            os._exit(1)
        return float(number)

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """The number, for each."""
        if context.engine == RAISES:
            raise ValueError("this number cannot answer")
        if context.engine == EXITS:
            os._exit(1)
        result = {"number": context.engine}
        return [Outcome(reference=item.reference, verdict=Verdict.DONE, result=result) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """No number."""
        reason = "stopped: nobody can know"
        return [Outcome(reference=item.reference, verdict=Verdict.DONE, result={}, reason=reason) for item in items]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """The number, and whether it is below ten, which is a decision."""
        if "number" not in outcome.result:
            return {}
        number = float(str(outcome.result["number"]))
        return {"number": number, "small": int(number < 10)}

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
