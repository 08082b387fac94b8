"""The pages of incoming invoices in a real Chromium, a document of every ending: accessible, also on 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Priority
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_platform.question import Decision, Earlier
from samdrift_rpa.conduct import conduct
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.order_generator import write_order
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.policy import read_policy
from samdrift_rpa.invoices.process import process
from samdrift_rpa.rules.own import OwnRules
from samdrift_rpa.workload import workload
from samdrift_testing.browsing import visiting
from samdrift_testing.pages import check_page
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,), order="O-1")
DEAR = replace(SALE, number="T-2", lines=(replace(CHAIR, price=Decimal(62_500)),))
FEWER = replace(SALE, lines=(replace(CHAIR, quantity=Decimal(2)),))
REFUSED = Decision(
    question="approval",
    choice="reject",
    fields={"reason_code": "PRI", "reason": "For dyrt."},
    people=("anna", "bent"),
    decided_at=NOW,
)
#: What comes in, the order that comes with it, what was decided, and another case with its number.
DOCUMENTS = {
    "posted": (write_peppol(SALE), write_order(SALE), (), ""),
    "another-order": (write(replace(SALE, number="T-3")), write_order(FEWER), (), ""),
    "two-people": (write(DEAR), None, (), "invoices/DK99000007 Invoice T-2"),
    "refused": (write(DEAR), None, (REFUSED,), ""),
    "breaks-rules": (write(SALE).replace(b">1562.50</cbc:Pay", b">1600.00</cbc:Pay"), None, (), ""),
    "unreadable": (b"no document", None, (), ""),
}


def items(store: MemoryStore) -> Iterator[WorkItem]:
    engine = Engine(rules=OwnRules(), policy=read_policy())
    for number, (content, order, decisions, same) in enumerate(DOCUMENTS.values(), 1):
        case = {"document": store.put(content), "orders": [store.put(order)] if order else []}
        payload = {"process": "invoices", "case": case}
        if same:
            payload |= {"same_reference": same, "first_item": str(UUID(int=1))}
        item = Item(reference=f"r{number}", payload=payload, earlier=Earlier(decisions=decisions))  # type: ignore[arg-type]  # JSON
        outcome = conduct(process, item, store, engine)
        yield WorkItem(
            id=UUID(int=number),
            submission_id=UUID(int=0),
            workload="rpa",
            tenant="t",
            reference=item.reference,
            state=ItemState(outcome.verdict),
            priority=Priority.ADMINISTRATIVE,
            deadline=None,
            attempt=1,
            payload=payload,
            result=outcome.result,
            reason=outcome.reason,
            models={},
            queued_at=NOW,
            started_at=NOW,
            finished_at=NOW,
            lane="invoices",
        )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    store = MemoryStore()
    given = [*items(store)]
    with serving(portal_of(workload, objects=store.objects, reading=GivenReading(given=given))) as address:
        yield address


PATHS = {"list": "/rpa/invoices"} | {name: f"/rpa/invoices/{UUID(int=n)}" for n, name in enumerate(DOCUMENTS, 1)}


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("name", PATHS)
def test_a_page_is_accessible_and_can_be_walked_by_keyboard(
    browser: Browser, address: str, name: str, language: str, tmp_path: Path
) -> None:
    with visiting(browser, f"{address}{PATHS[name]}") as visit:
        visited = visit(f"?lang={language}")
        check_page(visited, language, tmp_path / "page")
        english = visited.page.locator("main [lang=en]").all_inner_texts()
        assert language == "en" or name in ("list", "unreadable") or english == []
