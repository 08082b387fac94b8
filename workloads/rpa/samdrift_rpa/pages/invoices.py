"""Pages of incoming invoices: what was posted, and what needs a person or went back to its supplier."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.formatting import noon
from samdrift_platform.portal.paging import PAGE, Offset, around
from samdrift_platform.portal.shell import Shell
from samdrift_rpa.conduct import OBJECTED, STOPPED
from samdrift_rpa.invoices.answering import SEND_ANSWER
from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.refusal import LABELS
from samdrift_rpa.invoices.steps import POST_VOUCHER, REFUSED
from samdrift_rpa.pages.asking import SignedIn
from samdrift_rpa.rules.findings import FailedRule, Severity
from samdrift_rpa.sentence import written

#: The process, by its name.
LANE = "invoices"
POSTED = (ItemState.DONE,)
EXCEPTIONS = (ItemState.WAITING_FOR_PERSON, ItemState.REJECTED, ItemState.FAILED)


@dataclass(frozen=True, kw_only=True)
class Said:
    """Something to say to a person."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    #: The text is a message id that the catalogue has; otherwise it is someone else's English.
    ours: bool = False
    #: The rule's code, where it is one.
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One document as pages show it. What is not known is an empty text or None."""

    item: WorkItem
    type: str
    #: "OIOUBL", "Peppol BIS".
    standard: str
    number: str
    supplier: str
    supplier_name: str
    #: Noon in UTC of the day, so that it is the same day on Danish clocks.
    issue_date: datetime | None
    due_date: datetime | None
    currency: str
    #: In `currency`; a credit note's is negative.
    amount: Decimal | None
    #: The ERP system's own number of the voucher.
    voucher_id: str
    #: The effect that sends the answer, where one is planned.
    answer: EffectRow | None
    #: Why it is an exception.
    sentences: Sequence[Said]


def router() -> APIRouter:
    """The pages `/rpa/invoices` and below."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    pages.add_api_route("/invoices", index)
    pages.add_api_route("/invoices/{item_id}", document)
    return pages


def index(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """Exceptions first, because they wait for someone; then the posted vouchers."""
    exceptions = [row_of(shell, item) for item in shell.items(EXCEPTIONS, PAGE, offset, lane=LANE)]
    posted = [row_of(shell, item) for item in shell.items(POSTED, PAGE, offset, lane=LANE)]
    more = PAGE in (len(exceptions), len(posted))
    return shell.page(
        "rpa/invoices.html",
        posted=posted,
        exceptions=exceptions,
        **around(offset, more=more),
    )


def document(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One document: its facts, the rules it was held to, the voucher and the answer."""
    item = shell.item(item_id)
    result = item.result
    return shell.page(
        "rpa/invoice.html",
        row=row_of(shell, item),
        rule_set=result.get("rule_set"),
        policy=result.get("policy"),
        voucher=voucher_of(shell, result.get("voucher")),
        order_match=result.get("order_match"),
        first_item=result.get("first_item"),
        decimal=Decimal,
    )


def voucher_of(shell: Shell, reference: str | None) -> Mapping[str, Any] | None:
    """The stored voucher; None where there is none, or none any more."""
    if reference is None:
        return None
    try:
        voucher: Mapping[str, Any] = json.loads(shell.object(reference))
    except NotFoundError:  # its time of keeping is over
        return None
    return voucher


def row_of(shell: Shell, item: WorkItem) -> Row:
    """What pages show of `item`."""
    facts: Mapping[str, Any] = item.result.get("invoice") or {}
    effects = {effect.step: effect for effect in shell.reading.effects(item.id)}
    posted = effects.get(POST_VOUCHER)
    return Row(
        item=item,
        **{name: str(facts.get(name) or "") for name in _FACTS},
        issue_date=_noon(facts.get("issue_date")),
        due_date=_noon(facts.get("due_date")),
        amount=_amount(facts),
        voucher_id=str((posted.answer or {}).get("voucher_id", "")) if posted else "",
        answer=effects.get(SEND_ANSWER),
        sentences=sentences_of(item, shell.language),
    )


_FACTS = ("type", "standard", "number", "supplier", "supplier_name", "currency")


def sentences_of(item: WorkItem, language: str) -> list[Said]:
    """Why an item is an exception. The official rules and the platform speak English only."""
    exception = item.result.get("exception")
    if exception and exception["sentence"] == REFUSED:
        reason = LABELS[exception["code"].removeprefix("refused_").upper()][language]
        return [Said(text=REFUSED, values={"reason": reason}, ours=True)]
    failed = [_rule(value) for value in item.result.get("failed_rules", [])]
    grounds = [Ground(**value) for value in item.result.get("grounds", [])]
    sentences = [
        Said(code=rule.code, text=rule.sentence, values=written(rule.values, language), ours=rule.ours)
        for rule in failed
    ]
    sentences += [Said(text=ground.sentence, values=written(ground.values, language), ours=True) for ground in grounds]
    if sentences or not item.reason:
        return sentences
    return [Said(text=item.reason, ours=item.reason in (STOPPED, OBJECTED))]


def _noon(day: str | None) -> datetime | None:
    return noon(date.fromisoformat(day)) if day else None


def _rule(value: Mapping[str, Any]) -> FailedRule:
    return FailedRule(**{**value, "severity": Severity(value["severity"])})


def _amount(facts: Mapping[str, Any]) -> Decimal | None:
    if "payable_amount" not in facts:
        return None
    amount = Decimal(facts["payable_amount"])
    return -amount if facts["type"] == "CreditNote" else amount
