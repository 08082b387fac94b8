"""Incoming invoices as a workload of the platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from samdrift_platform.contract import (
    Benefit,
    Context,
    Effect,
    Item,
    JsonObject,
    ModelUse,
    Outcome,
    Priority,
    Receiver,
    Resources,
    Store,
    Verdict,
)
from samdrift_rpa import settings
from samdrift_rpa.submission import IncomingInvoices, split

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_registry.verified import VerifiedModel
    from samdrift_rpa.process import Engine

ERP, ACCESS_POINT = "erp", "access_point"
POST_VOUCHER, SEND_ANSWER = "post_voucher", "send_answer"


class InvoiceWorkload:
    """OIOUBL invoices: validated, posted once, answered once; a person decides where the policy says so."""

    name = "rpa"
    title: Mapping[str, str] = {"da": "Indgående fakturaer", "en": "Incoming invoices"}
    priority = Priority.ADMINISTRATIVE
    submission: type[BaseModel] = IncomingInvoices
    resources = Resources(cpus=1.0, memory_mib=768, largest_batch=20, most_replicas=1)
    models: Mapping[str, ModelUse] = {}

    def split(self, submission: IncomingInvoices, store: Store) -> Iterable[Item]:
        """One item per document."""
        return split(submission, store)

    def load(self, models: Mapping[str, VerifiedModel]) -> Engine:
        """Compile the rules and read the policy."""
        from samdrift_rpa.policy import read_policy
        from samdrift_rpa.process import Engine
        from samdrift_rpa.rules import choose

        return Engine(rules=choose(), policy=read_policy())

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Judge each document by itself."""
        from samdrift_rpa.process import judge

        return [judge(item, context.store, context.engine) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Each document to a person; nothing is posted and nobody is answered."""
        from samdrift_rpa.process import to_a_person

        return [to_a_person(item, context.store) for item in items]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """Whether a person decides, and how many rules were broken. No model takes part so far."""
        failed = outcome.result.get("failed_rules_in_all", 0)
        person = outcome.verdict is Verdict.WAITING_FOR_PERSON
        return {"to_person": int(person), "failed_rules": cast(int, failed)}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """The voucher first and then the answer; a rejected document is only answered."""
        if outcome.verdict is Verdict.WAITING_FOR_PERSON:
            return
        if outcome.verdict is Verdict.DONE:
            yield Effect(step=POST_VOUCHER, receiver=ERP, request=_part(outcome, "voucher"))
        if "answer" in outcome.result:
            yield Effect(step=SEND_ANSWER, receiver=ACCESS_POINT, request=_part(outcome, "answer"))

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Minutes saved by each posted invoice, as the organisation estimates them; nothing else is claimed."""
        if outcome.verdict is Verdict.DONE:
            policy = cast(Mapping[str, Any], outcome.result["policy"])
            yield Benefit(
                measure="working_time",
                quantity=policy["time_spend_per_occurance_min"],
                unit="min",
                method=f"OS2autoproces timeSpendPerOccurance, an estimate in policy {policy['version']}; not measured",
            )

    def receivers(self) -> Mapping[str, Receiver]:
        """The ERP system and the access point that the settings name."""
        from samdrift_rpa.receivers import AccessPointReceiver, ErpReceiver, UnsetReceiver

        erp, access_point = settings.ERP_URL.value(), settings.ACCESS_POINT_URL.value()
        timeout_s = settings.timeout_s()
        return {
            ERP: ErpReceiver(erp, timeout_s=timeout_s) if erp else UnsetReceiver(settings.ERP_URL),
            ACCESS_POINT: AccessPointReceiver(access_point, timeout_s=timeout_s)
            if access_point
            else UnsetReceiver(settings.ACCESS_POINT_URL),
        }

    def routes(self) -> APIRouter | None:
        """Vouchers and exceptions."""
        from samdrift_rpa.pages import router

        return router()


def _part(outcome: Outcome, name: str) -> JsonObject:
    return cast(JsonObject, dict(cast(Mapping[str, Any], outcome.result[name])))


workload = InvoiceWorkload()
