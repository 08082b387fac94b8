"""Pages of incoming invoices: what was posted, and what needs a person or went back to its supplier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.shell import Shell, current_shell
from samdrift_rpa.process import Ground
from samdrift_rpa.rules.findings import FailedRule, Severity
from samdrift_rpa.workload import POST_VOUCHER, SEND_ANSWER

#: Documents on one page.
PAGE = 50
POSTED = (ItemState.DONE,)
EXCEPTIONS = (ItemState.WAITING_FOR_PERSON, ItemState.REJECTED, ItemState.FAILED)

Translate = Callable[[str], str]
SignedIn = Annotated[Shell, Depends(current_shell)]
Offset = Annotated[int, Query(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One document as pages show it. What is not known is an empty text or None."""

    item: WorkItem
    type: str
    number: str
    supplier: str
    supplier_name: str
    issue_date: str
    due_date: str
    currency: str
    #: In `currency`; a credit note's is negative.
    amount: Decimal | None
    #: The ERP system's own number of the voucher.
    voucher_id: str
    #: The effect that sends the answer, where one is planned.
    answer: EffectRow | None
    #: Why, as sentences in the reader's language, with the language each is in.
    sentences: Sequence[tuple[str, str]]


def router() -> APIRouter:
    """The pages below `/rpa`."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    pages.add_api_route("/", index)
    pages.add_api_route("/documents/{item_id}", document)
    return pages


def index(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """Exceptions first, because they wait for someone; then the posted vouchers."""
    exceptions = [row_of(shell, item) for item in shell.items(states=EXCEPTIONS, limit=PAGE, offset=offset)]
    posted = [row_of(shell, item) for item in shell.items(states=POSTED, limit=PAGE, offset=offset)]
    more = PAGE in (len(exceptions), len(posted))
    return shell.page(
        "rpa/index.html",
        posted=posted,
        exceptions=exceptions,
        newer=max(offset - PAGE, 0) if offset else None,
        older=offset + PAGE if more else None,
    )


def document(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One document: its facts, the rules it was held to, the voucher and the answer."""
    item = shell.item(item_id)
    result = item.result
    return shell.page(
        "rpa/document.html",
        row=row_of(shell, item),
        rule_set=result.get("rule_set"),
        policy=result.get("policy"),
        voucher=result.get("voucher"),
        decimal=Decimal,
    )


def row_of(shell: Shell, item: WorkItem) -> Row:
    """What pages show of `item`."""
    facts: Mapping[str, Any] = item.result.get("invoice") or {}
    effects = {effect.step: effect for effect in shell.reading.effects(item.id)}
    posted = effects.get(POST_VOUCHER)
    return Row(
        item=item,
        **{name: str(facts.get(name) or "") for name in _FACTS},
        amount=_amount(facts),
        voucher_id=str((posted.answer or {}).get("voucher_id", "")) if posted else "",
        answer=effects.get(SEND_ANSWER),
        sentences=sentences_of(item, lambda text: shell.templates.translate(text, shell.language), shell.language),
    )


_FACTS = ("type", "number", "supplier", "supplier_name", "issue_date", "due_date", "currency")


def sentences_of(item: WorkItem, translate: Translate, language: str) -> list[tuple[str, str]]:
    """Why an item is an exception; (sentence, its language). The official rules and the platform speak English."""
    failed = [_rule(value) for value in item.result.get("failed_rules", [])]
    sentences = [(f"{rule.code}: {rule.say(translate)}", language if rule.ours else "en") for rule in failed]
    grounds = [Ground(**value) for value in item.result.get("grounds", [])]
    sentences += [(ground.say(translate), language) for ground in grounds]
    return sentences or ([(item.reason, "en")] if item.reason else [])


def _rule(value: Mapping[str, Any]) -> FailedRule:
    return FailedRule(**{**value, "severity": Severity(value["severity"])})


def _amount(facts: Mapping[str, Any]) -> Decimal | None:
    if "payable_amount" not in facts:
        return None
    amount = Decimal(facts["payable_amount"])
    return -amount if facts["type"] == "CreditNote" else amount
