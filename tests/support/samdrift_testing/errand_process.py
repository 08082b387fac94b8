"""A small process for tests: errands, some of which a person must allow, and a letter about each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from samdrift_platform.contract import JsonObject, Question, Store
from samdrift_platform.question import Choice, DecisionField, FieldKind
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.object_reference import ObjectReference
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, TimeSaved
from samdrift_rpa.run import Run
from samdrift_rpa.step import step

LIMIT = 100


class Errand(BaseModel):
    """`document`: JSON with `name`, `price`, and perhaps `cpr`, which is personal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: ObjectReference


class ErrandRun(Run):
    given: Errand
    errand: Mapping[str, Any]


@step(da="Læs ærindet", en="Read the errand")
def read(run: ErrandRun) -> None:
    try:
        run.errand = json.loads(run.store.get(run.given.document))
    except ValueError as error:
        raise BusinessError("unreadable", "The errand is not JSON.") from error
    run.note("price", run.errand["price"])


@step(da="Bestil", en="Order it")
def order(run: ErrandRun) -> None:
    answer = run.effect("order", {"document": run.given.document})
    if answer is not None:
        run.note("order_number", answer["number"])


@step(da="Afgør om det må købes", en="Decide whether it may be bought")
def allow(run: ErrandRun) -> None:
    if run.errand["price"] <= LIMIT:
        return
    decision = run.ask(
        Question(
            code="allow",
            title={"da": "Må det købes?", "en": "May it be bought?"},
            reasons=({"da": "Det er dyrt.", "en": "It is dear."},),
            choices=(
                Choice(code="yes", label={"da": "Ja", "en": "Yes"}),
                Choice(
                    code="no",
                    label={"da": "Nej", "en": "No"},
                    fields=(DecisionField(name="why", label={"da": "Hvorfor", "en": "Why"}, kind=FieldKind.TEXT),),
                ),
            ),
        )
    )
    if decision.choice == "no":
        run.effect("tell", {"what": "refused"})
        raise BusinessError("refused", "A person refused it.")


@step(da="Køb", en="Buy it")
def buy(run: ErrandRun) -> None:
    run.effect("buy", {"document": run.given.document})
    run.effect("tell", {"what": "bought"})


class Nobody:
    """A receiver that is never called."""

    def deliver(self, key: object, request: JsonObject) -> JsonObject:
        raise NotImplementedError

    def find(self, key: object, request: JsonObject) -> JsonObject | None:
        raise NotImplementedError


def reference_of(given: Errand, store: Store) -> str:
    return given.document[7:27]


errands: Process[Errand, ErrandRun] = Process(
    name="errands",
    title={"da": "Ærinder", "en": "Errands"},
    purpose={"da": "Køber ind, én gang.", "en": "Buys things, once."},
    given=Errand,
    reference=reference_of,
    run=ErrandRun,
    steps=(read, order, allow, buy),
    effects=(
        EffectSpec(step="order", receiver="shop", title={"da": "Bestilt", "en": "Ordered"}),
        EffectSpec(step="buy", receiver="shop", title={"da": "Købt", "en": "Bought"}),
        EffectSpec(step="tell", receiver="shop", title={"da": "Fortalt", "en": "Told"}),
    ),
    receivers={"shop": Nobody},
    legal_basis=LegalBasis(clause="GDPR art. 6(1)(e)", purpose={"da": "Indkøb", "en": "Shopping"}),
    time_saved=TimeSaved(time_spend_per_occurance_min=6.0, decision_min=2.0),
    example={"document": "sha256:" + "0" * 64},
)


def errand(name: str, price: int, **more: str) -> bytes:
    return json.dumps({"name": name, "price": price, **more}).encode()
