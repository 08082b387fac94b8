"""Errands (CLINICAL) and chores (BACKGROUND): each does what its `act` says, and some acts are unkind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
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
    Question,
    Receiver,
    Resources,
    Store,
    Verdict,
)
from samdrift_platform.question import Choice

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import APIRouter

    from samdrift_platform.contract import JsonObject
    from samdrift_registry.verified import VerifiedModel

#: CPU seconds of one TOIL.
TOIL_S = 0.05


#: What ASK asks.
MAY_I = Question(
    code="may_i",
    title={"da": "Må jeg gå?", "en": "May I go?"},
    choices=(
        Choice(code="go", label={"da": "Gå", "en": "Go"}),
        Choice(code="stay", label={"da": "Bliv", "en": "Stay"}),
    ),
)


class Act(StrEnum):
    """What to do."""

    #: Nothing.
    REST = "rest"
    #: Keep a core busy for TOIL_S.
    TOIL = "toil"
    #: Wait until someone opens the named pipe `gate` for writing.
    WAIT = "wait"
    #: Tell the board, outside.
    TELL = "tell"
    #: Raise an error.
    RAISE = "raise"
    #: Take the whole process down.
    EXIT = "exit"
    #: Answer with what no ledger holds.
    BABBLE = "babble"
    #: Ask a person first.
    ASK = "ask"


class Errand(BaseModel):
    """One thing to do."""

    model_config = ConfigDict(extra="forbid")

    name: str
    act: Act = Act.REST
    gate: str | None = None


class Errands(BaseModel):
    """Things to do; every batch is noted in the file `diary`, if there is one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"errands": [{"name": "fetch milk"}]}]})

    errands: list[Errand]
    diary: str | None = None


class Board:
    """A receiver that remembers as long as its process lives."""

    def __init__(self) -> None:
        self._told: dict[UUID, JsonObject] = {}

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Put the note up."""
        return self._told.setdefault(key, {"note": request["errand"]})

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The note, if it is up."""
        return self._told.get(key)


class ErrandsWorkload:
    """The same work in two classes."""

    submission: type[BaseModel] = Errands
    models: Mapping[str, ModelUse] = {}

    def __init__(self, name: str, title: Mapping[str, str], priority: Priority) -> None:
        """Name it, and say how urgent it is."""
        self.name, self.title, self.priority = name, title, priority
        self.resources = Resources(cpus=1.0, memory_mib=64, largest_batch=4, most_replicas=1)

    def split(self, submission: Errands, store: Store) -> Iterable[Item]:
        """One item an errand."""
        for errand in submission.errands:
            payload = errand.model_dump(mode="json") | {"diary": submission.diary}
            yield Item(reference=errand.name, payload=payload)

    def load(self, models: Mapping[str, VerifiedModel]) -> None:
        """Nothing to load."""

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Note the batch, then do each."""
        for diary in {str(item.payload["diary"]) for item in items if item.payload["diary"]}:
            with Path(diary).open("a") as file:
                file.write(json.dumps([item.reference for item in items]) + "\n")
        return [self._do(item) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """A person walks."""
        reason = "stopped: a person walks"
        return [
            Outcome(reference=i.reference, verdict=Verdict.WAITING_FOR_PERSON, result={"act": Act.REST}, reason=reason)
            for i in items
        ]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """Nothing is weighed."""
        return {}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """A note on the board, where that was asked for."""
        if outcome.result["act"] == Act.TELL:
            yield Effect(step="tell", receiver="board", request={"errand": outcome.reference})

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Ten minutes each."""
        yield Benefit(measure="time", quantity=10.0, unit="min", method="what walking there takes")

    def receivers(self) -> Mapping[str, Receiver]:
        """The board."""
        return {"board": Board()}

    def routes(self) -> APIRouter | None:
        """No pages."""
        return None

    def _do(self, item: Item) -> Outcome:
        act = Act(str(item.payload["act"]))
        if act is Act.ASK and item.earlier.decision(MAY_I.code) is None:
            waits, result = Verdict.WAITING_FOR_PERSON, {"act": act}
            return Outcome(reference=item.reference, verdict=waits, result=result, reason="May I?", question=MAY_I)
        if act is Act.TOIL:
            until = time.process_time() + TOIL_S
            while time.process_time() < until:
                pass
        elif act is Act.WAIT:
            Path(str(item.payload["gate"])).read_text()
        elif act is Act.RAISE:
            raise ValueError(f"{item.reference} cannot be done")
        elif act is Act.EXIT:
            os._exit(1)
        value = float("nan") if act is Act.BABBLE else 1
        return Outcome(reference=item.reference, verdict=Verdict.DONE, result={"act": act, "value": value})


errands = ErrandsWorkload("errands", {"da": "Ærinder", "en": "Errands"}, Priority.CLINICAL)
chores = ErrandsWorkload("chores", {"da": "Pligter", "en": "Chores"}, Priority.BACKGROUND)
