from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.portal.catalogues import sentences
from samdrift_platform.portal.folders import page_folders
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_rpa import conduct
from samdrift_rpa.invoices import grounds, order_match, steps
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.process import process
from samdrift_rpa.rules import own
from samdrift_rpa.workload import workload
from samdrift_testing.given_rows import given_effect, given_item
from samdrift_testing.in_process import in_process

CHAIR = Sold(name="Stol <b>", quantity=Decimal(4), price=Decimal("312.50"))
BUS = Sold(name="Minibus", quantity=Decimal(1), price=Decimal("100000.00"))
GOOD = write(Sale(number="GOOD-1", lines=(CHAIR,)))
WRONG = write(Sale(number="WRONG-1", lines=(CHAIR,))).replace(b">1562.50</cbc:Pay", b">1600.00</cbc:Pay")
DEAR = write(Sale(number="DEAR-1", lines=(BUS,)))
ODD = GOOD.replace(b">DKK</cbc:DocumentCurrencyCode>", b">&lt;script&gt;%(x)s</cbc:DocumentCurrencyCode>")


def payload(store: MemoryStore, content: bytes) -> dict[str, Any]:
    return {"process": "invoices", "case": {"document": store.put(content)}}


@pytest.fixture(scope="module")
def portal(engine: Engine) -> Iterator[httpx.BaseTransport]:
    """Pages change nothing of what is given."""
    store, items = MemoryStore(), []
    for number, content in enumerate((GOOD, WRONG, DEAR, b"not xml", ODD), 1):
        outcome = conduct.conduct(process, Item(reference="r", payload=payload(store, content)), store, engine)
        items.append(given_item("invoices", number, ItemState(outcome.verdict), outcome.result, outcome.reason))
    stopped = conduct.to_a_person(process, Item(reference="r", payload=payload(store, GOOD)), store, objected=False)
    items.append(given_item("invoices", 7, ItemState(stopped.verdict), stopped.result, stopped.reason))
    items.append(given_item("invoices", 6, ItemState.REJECTED, {}, "r6 was submitted before with other content."))
    effects = [given_effect(1, "post_voucher", {"voucher_id": "V000017"}), given_effect(1, "send_answer", {})]
    app = portal_of(workload, objects=store.objects, reading=GivenReading(given=items, given_effects=effects))
    with in_process(app) as transport:
        yield transport


@pytest.fixture
def browser(portal: httpx.BaseTransport) -> httpx.Client:
    return httpx.Client(transport=portal, base_url="http://portal.test")


def page(browser: httpx.Client, path: str, language: str) -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def test_vouchers_show_number_supplier_amount_and_the_erp_systems_number(browser: httpx.Client) -> None:
    posted = page(browser, "/rpa/invoices", "en").partition("Posted vouchers</h2>")[2]
    for shown in ("GOOD-1", "Fiktiv leverandør 1", "DK99000007", "1,562.50 DKK", "V000017", "Delivered"):
        assert shown in posted
    assert "WRONG-1" not in posted


def test_exceptions_say_why_in_the_readers_language(browser: httpx.Client) -> None:
    english, danish = page(browser, "/rpa/invoices", "en"), page(browser, "/rpa/invoices", "da")
    assert "SD-A09: The payable amount says 1,600.00, but the totals give 1,562.50." in english
    assert "SD-A09: Beløbet til betaling er angivet til 1.600,00, men totalerne giver 1.562,50." in danish
    assert "The amount of 125,000.00 DKK is above the limit of 40,000.00 DKK." in english
    assert "Beløbet på 125.000,00 DKK er over grænsen på 40.000,00 DKK." in danish


def test_a_document_that_came_in_during_a_stop_is_shown_and_says_so(browser: httpx.Client) -> None:
    shown = page(browser, f"/rpa/invoices/{UUID(int=7)}", "da")
    assert "Den automatiske behandling er stoppet" in shown
    assert "GOOD-1" in shown


def test_what_the_platform_says_in_english_is_marked_as_english(browser: httpx.Client) -> None:
    danish = page(browser, "/rpa/invoices", "da")
    assert '<span lang="en">r6 was submitted before with other content.</span>' in danish
    assert '<span lang="en">The document is not well-formed XML' in danish


def test_what_a_supplier_writes_is_text_and_never_markup(browser: httpx.Client) -> None:
    for path in ("/rpa/invoices", f"/rpa/invoices/{UUID(int=1)}", f"/rpa/invoices/{UUID(int=5)}"):
        shown = page(browser, path, "da")
        assert "<script>%" not in shown
        assert "Stol <b>" not in shown
    assert "&lt;script&gt;%(x)s" in page(browser, f"/rpa/invoices/{UUID(int=5)}", "da")


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("number", range(1, 8))
def test_every_document_has_a_page(browser: httpx.Client, number: int, language: str) -> None:
    assert "<h1" in page(browser, f"/rpa/invoices/{UUID(int=number)}", language)


def test_a_documents_page_says_whose_rules_it_was_held_to(browser: httpx.Client) -> None:
    assert "which is not official" in page(browser, f"/rpa/invoices/{UUID(int=1)}", "en")
    assert "som ikke er officielt" in page(browser, f"/rpa/invoices/{UUID(int=1)}", "da")


def test_dates_are_written_as_the_reader_writes_them(browser: httpx.Client) -> None:
    assert "20. nov. 2026" in page(browser, f"/rpa/invoices/{UUID(int=1)}", "da")
    assert "20 Nov 2026" in page(browser, f"/rpa/invoices/{UUID(int=1)}", "en")


def test_a_waiting_document_shows_the_voucher_as_it_would_be(browser: httpx.Client) -> None:
    shown = page(browser, f"/rpa/invoices/{UUID(int=3)}", "en")
    assert "Voucher as it would be posted" in shown
    assert "100,000.00" in shown


def test_without_documents_the_page_says_what_to_do() -> None:
    app = portal_of(workload)
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        assert "Send invoices in" in page(client, "/rpa/invoices", "en")


def test_every_sentence_of_the_code_is_listed_for_translation() -> None:
    (folder,) = page_folders([workload])[1:]
    listed = {text for text, template in sentences(folder).items() if template.name == "sentences.html"}
    modules = (own, grounds, order_match, steps, conduct)
    assert listed >= set[str]().union(*(_marked(str(module.__file__)) for module in modules))


def _marked(source: str) -> set[str]:
    from babel.messages.extract import extract

    with Path(source).open("rb") as code:
        return {str(message) for _, message, _, _ in extract("python", code, keywords={"N_": None})}
