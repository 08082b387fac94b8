"""What the platform asks of a workload: the whole contract. `checks.py` holds it to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from samdrift_platform.objects import Store as Store
from samdrift_platform.priority import Priority as Priority
from samdrift_platform.question import Earlier as Earlier
from samdrift_platform.question import Question as Question
from samdrift_platform.receiver import JsonObject as JsonObject
from samdrift_platform.receiver import Receiver as Receiver
from samdrift_platform.verdict import Verdict as Verdict

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_registry.verified import VerifiedModel


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one batch needs and how far it may grow."""

    cpus: float = 1.0
    gpus: float = 0.0  # a fraction shares a GPU
    memory_mib: int = 512
    largest_batch: int = 1  # items
    most_replicas: int = 1
    longest_batch_s: float = 600.0  # a replica that works longer is ended, and the items tried again


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """The evaluation suite and the policy that govern a registered model."""

    suite: str
    policy: str
    required: bool = True  # False: the workload also works while no version is deployed; `load` does not get it then


@dataclass(frozen=True, kw_only=True)
class Item:
    """One independent piece of work; `reference` is unique within workload and tenant, but for `beside`."""

    reference: str
    payload: JsonObject
    deadline: datetime | None = None  # aware
    urgent: bool = False  # CLINICAL only: before all others, on a replica that is kept free for such items
    subject: str | None = None  # the person whom it concerns, by `pseudonyms`: objections are held against it
    beside: JsonObject | None = None  # payload to work on where its reference stands with other content; None: rejected
    lane: str = ""  # a part of the workload's queue that can be paused, has hours and limits of its own
    earlier: Earlier = field(default_factory=Earlier)  # decisions and answers so far; `split` leaves it empty


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What `process` found for the item with the same reference; `reason` is for a person."""

    reference: str
    verdict: Verdict
    result: JsonObject = field(default_factory=dict)
    reason: str | None = None
    question: Question | None = None  # with WAITING_FOR_PERSON; once it is decided, `process` is asked again
    models: Sequence[str] | None = None  # registered names of those that took part; None: all that the replica holds


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Something that will be seen outside; `step` is unique within the item and names the effect's key."""

    step: str
    receiver: str
    request: JsonObject


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """What was saved, in `unit`, and by which method that is known."""

    measure: str
    quantity: float
    unit: str
    method: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What `process` may use: the objects, and what `load` made of the deployed models (None in `safe`)."""

    store: Store
    engine: Any = None
    objected: bool = False  # `safe` is asked because the person objected, not because the workload is stopped


class Workload(Protocol):
    """A kind of work. Importing it must be light: torch and the like are imported inside the methods."""

    name: str  # "mammography": in URLs and keys
    title: Mapping[str, str]  # by language, "da" and "en"
    priority: Priority
    submission: type[BaseModel]  # what a user sends, with an example; its JSON schema is the API's
    resources: Resources
    models: Mapping[str, ModelUse]  # by registered name

    def split(self, submission: Any, store: Store) -> Iterable[Item]: ...  # same in, same items out
    def load(self, models: Mapping[str, VerifiedModel]) -> Any: ...  # once a replica: the engine
    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]: ...  # pure, on Ray
    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]: ...  # while it is stopped: no model
    def scores(self, outcome: Outcome) -> Mapping[str, float]: ...  # for shadow and watch; an int is a decision
    def effects(self, outcome: Outcome) -> Iterable[Effect]: ...  # in order
    def benefits(self, outcome: Outcome) -> Iterable[Benefit]: ...
    def receivers(self) -> Mapping[str, Receiver]: ...  # once a delivery process, by name
    def routes(self) -> APIRouter | None: ...  # its own pages and endpoints, below /<name>
