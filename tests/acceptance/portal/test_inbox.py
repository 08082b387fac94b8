"""The inbox in a real browser: every page held to WCAG, the way to a decision with keys alone and without scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import inbox
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.objects import ObjectStore
from samdrift_platform.question import Deciders, Fact
from samdrift_platform.settings import Settings
from samdrift_registry.people import Role
from samdrift_testing import asking
from samdrift_testing.asking import FOUR_EYES, PAY
from samdrift_testing.browsing import PATIENCE_MS
from samdrift_testing.pages import check_page

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice><ID>A00095678</ID><PayableAmount currencyID="DKK">125000.00</PayableAmount></Invoice>
"""


@dataclass(frozen=True)
class Waiting:
    """What waits in the portal of these tests."""

    plain: UUID
    #: karen has decided already.
    four_eyes: UUID
    unknown: UUID
    refused: UUID
    #: Decided: nothing to do any more.
    decided: UUID
    #: For finance to decide.
    others: UUID
    object: str


@pytest.fixture(scope="module")
def waiting(full_portal: Any) -> Waiting:
    ledger, home, now = full_portal.ledger, full_portal.home, datetime.now(UTC)
    for person, role in (("karen", Role.CASE_WORKER), ("lars", Role.DOMAIN), ("carl", Role.AUDITOR)):
        full_portal.governance.appoint(person, [role], actor="operator", now=now)
    reference = ObjectStore(Settings(home=home).objects_url).put(INVOICE.encode())
    fact = Fact(
        label={"da": "Fakturaen", "en": "The invoice"},
        value="A00095678",
        object=reference,
        media_type="application/xml",
    )
    shown = replace(PAY, facts=(*PAY.facts, fact))
    at: dict[str, Any] = {"workload": "water", "now": now - timedelta(hours=1)}
    four_eyes = asking.ask(ledger, replace(shown, people=2), reference="invoices/DK16356706 Invoice 17", **at)
    fields = asking.YES | {"amount": 1250.5}
    asking.decide(ledger, four_eyes, "yes", comment="Ordered by the school.", now=now, **fields)
    decided = asking.ask(ledger, reference="invoices/DK16356706 Invoice 18", **at)
    asking.decide(ledger, decided, "no", why="Paid before.", by="lars", now=now)
    return Waiting(
        plain=asking.ask(ledger, shown, reference="invoices/DK16356706 Invoice 19", steps=("open_case",), **at),
        four_eyes=four_eyes,
        unknown=asking.stop(ledger, reference="invoices/DK16356706 Invoice 20", steps=("post", "answer"), **at),
        refused=asking.stop(
            ledger, EffectState.REFUSED, reference="invoices/DK16356706 Invoice 21",
            workload="water", now=now - timedelta(days=2),
        ),
        decided=decided,
        others=asking.ask(
            ledger, replace(PAY, deciders=Deciders(roles=("domain",), units=("finance",))),
            reference="invoices/DK16356706 Invoice 22", **at,
        ),
        object=reference,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list", "/inbox?code="),
        ("everyones", "/inbox?whose=all"),
        ("none", "/inbox?workload=rpa"),
        ("choose", "/inbox/{plain}?"),
        ("confirm", "/inbox/{plain}?choice=yes"),
        ("second", "/inbox/{four_eyes}?choice=yes"),
        ("unknown", "/inbox/{unknown}?"),
        ("happened", "/inbox/{unknown}?choice=happened"),
        ("refused", "/inbox/{refused}?choice=make"),
        ("decided", "/inbox/{decided}?done=decided"),
        ("others", "/inbox/{others}?"),
        ("object", "/inbox/{plain}/objects/{object}?"),
    ],
)
def test_every_page_of_the_inbox(
    context: BrowserContext, full_portal: Any, waiting: Waiting, visit: Any, artifacts: Path,
    name: str, path: str, language: str,
) -> None:  # fmt: skip
    visited = visit(context, full_portal, person="lars")
    visited.go(f"{path.format(**vars(waiting))}&lang={language}")
    check_page(visited, language, artifacts / f"inbox-{name}-{language}")


def test_who_may_only_look_is_told_so(
    context: BrowserContext, full_portal: Any, waiting: Waiting, visit: Any, artifacts: Path
) -> None:
    visited = visit(context, full_portal, person="carl")
    visited.go(f"/inbox/{waiting.plain}?lang=en")
    check_page(visited, "en", artifacts / "inbox-auditor-en")
    expect(visited.page.get_by_text("it takes another role to decide")).to_be_visible()


def test_a_mistake_is_told_where_it_was_made(
    context: BrowserContext, full_portal: Any, waiting: Waiting, visit: Any, artifacts: Path
) -> None:
    visited = visit(context, full_portal, person="lars")
    visited.go(f"/inbox/{waiting.plain}?choice=yes&lang=da")
    page = visited.page
    page.get_by_label("Beløb i kroner").fill("1.250")
    page.get_by_label("Konto").select_option("")
    page.get_by_role("button", name="Bekræft: Betal den").click()
    expect(page.locator(".alert-error a").first).to_contain_text("Skriv et tal")
    assert [trouble for trouble in visited.troubles if "422" not in trouble] == []
    visited.troubles.clear()
    check_page(visited, "da", artifacts / "inbox-mistake-da")
    page.locator(".alert-error a").first.click()
    expect(page.get_by_label("Beløb i kroner")).to_be_focused()


def person(browser: Browser, portal: Any, who: str, **options: Any) -> Page:
    context = browser.new_context(locale="da-DK", viewport={"width": 1280, "height": 900}, **options)
    context.set_default_timeout(PATIENCE_MS)
    cookie = {"name": SESSION_COOKIE, "value": portal.session(who), "url": portal.url, "sameSite": "Strict"}
    context.add_cookies([cookie])  # type: ignore[list-item] # a TypedDict of Playwright's
    return context.new_page()


def decision(portal: Any, item: UUID) -> Any:
    with portal.ledger.read() as connection:
        return inbox.of_item(connection, item)[-1].decision


def test_two_people_decide_without_any_script(browser: Browser, full_portal: Any, waiting: Waiting) -> None:
    at: dict[str, Any] = {"workload": "water", "now": datetime.now(UTC)}
    item = asking.ask(full_portal.ledger, FOUR_EYES, reference="without scripts", **at)
    for who, told in (("karen", "Det kræver samme beslutning af en anden"), ("lars", "Sagen går selv videre")):
        page = person(browser, full_portal, who, java_script_enabled=False)
        page.goto(f"{full_portal.url}/inbox")
        page.locator(f"a[href='/inbox/{item}']").click()
        page.get_by_label("Betal den").check()
        page.get_by_role("button", name="Fortsæt").click()
        page.get_by_label("Nej").check()
        page.get_by_role("button", name="Bekræft: Betal den").click()
        expect(page.locator(".alert-success")).to_contain_text(told)
        page.context.close()
    assert decision(full_portal, item).people == ("karen", "lars")


def test_an_item_is_decided_with_keys_alone(browser: Browser, full_portal: Any, waiting: Waiting) -> None:
    item = asking.ask(full_portal.ledger, reference="by keys", workload="water", now=datetime.now(UTC))
    page = person(browser, full_portal, "karen")
    page.goto(f"{full_portal.url}/inbox/{item}")
    tab_to(page, "choice-yes")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Fortsæt")
    page.keyboard.press("Enter")
    page.wait_for_url("**choice=no**")
    tab_to(page, "field-why")
    page.keyboard.type("Betalt før.")
    tab_to(page, "Bekræft: Afvis den")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-success")).to_contain_text("Det er besluttet")
    page.context.close()
    assert decision(full_portal, item).fields == {"why": "Betalt før."}


def tab_to(page: Page, wanted: str) -> None:
    """By its id or its text."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate("[document.activeElement.id, document.activeElement.textContent.trim()]")
        if wanted in found:
            return
    raise AssertionError(f"Tab does not reach {wanted}")
