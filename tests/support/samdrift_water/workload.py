from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_registry.verified import VerifiedModel


class Readings(BaseModel):
    meters: list[str]


class Water:
    name = "water"
    title: Mapping[str, str] = {"da": "Vand", "en": "Water"}
    priority = Priority.OPERATIONAL
    submission: type[BaseModel] = Readings
    resources = Resources()
    models: Mapping[str, ModelUse] = {}

    def split(self, submission: Readings, store: Store) -> Iterable[Item]:
        return [Item(reference=meter, payload={"meter": meter}) for meter in submission.meters]

    def load(self, models: Mapping[str, VerifiedModel]) -> None:
        return None

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [Outcome(reference=item.reference, verdict=Verdict.DONE) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return self.process(items, context)

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        return {}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        return ()

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        return ()

    def receivers(self) -> Mapping[str, Receiver]:
        return {}

    def routes(self) -> APIRouter:
        from samdrift_water.pages import router

        return router


workload: Any = Water()
