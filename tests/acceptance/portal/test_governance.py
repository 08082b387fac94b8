"""Two people's flow in a real browser: sign in one after the other, approve, and the operator promotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from samdrift_testing.browsing import PATIENCE_MS
from samdrift_testing.governing import FACTS, MODEL
from samdrift_testing.pages import check_page

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

AT = f"/models/{MODEL}/1"


def sign_in(browser: Browser, portal: Any, person: str) -> Page:
    """A browser of one's own, in which `person` has used a one-time link."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{portal.link(person)}&lang=en")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".portal-user-name")).to_have_text(person)
    return page


def approve(page: Page, portal: Any, typed: str) -> None:
    page.goto(portal.url + AT)
    page.get_by_label("to confirm").fill(typed)
    page.get_by_role("button", name="Sign the approval").click()


def test_a_version_needs_two_people_and_its_author_is_none_of_them(browser: Browser, portal: Any) -> None:
    office = portal.open_office()
    office.governance.appoint("dora", ["technical", "data_scientist"], actor="operator", now=office.now)
    office.register(1)
    portal.evaluate(office, 1)

    dora = sign_in(browser, portal, "dora")
    dora.goto(portal.url + AT)
    expect(dora.get_by_text("The gate lets this version through")).to_be_visible()
    dora.get_by_text("Declare facts", exact=True).click()
    for name, text in FACTS.items():
        dora.locator(f"#fact-{name}").fill(text)
    dora.get_by_role("button", name="Sign the declaration").click()
    expect(dora.locator(".alert-success").first).to_contain_text("The declaration is signed.")
    expect(dora.get_by_text("they registered the version themselves")).to_be_visible()
    expect(dora.get_by_role("button", name="Sign the approval")).to_have_count(0)
    refused = dora.request.post(
        portal.url + AT + "/approve",
        form={"role": "technical", "typed": f"{MODEL} 1", **vars(office.seen())},
        headers={"Origin": portal.url, "Accept": "text/html"},
    )
    assert refused.status == 403
    assert "registered the version themselves" in refused.text()

    operator = sign_in(browser, portal, "operator")
    operator.goto(portal.url + AT)
    expect(operator.get_by_role("button", name="Make it champion")).to_have_count(0)
    expect(operator.get_by_role("button", name="Sign the approval")).to_have_count(0)

    clara = sign_in(browser, portal, "clara")
    approve(clara, portal, "yes")
    expect(clara.locator(".alert-error").first).to_contain_text(f"Type {MODEL} 1 to approve it")
    approve(clara, portal, f"{MODEL} 1")
    expect(clara.locator(".alert-success").first).to_contain_text("Your approval is signed.")
    expect(clara.get_by_text("1 of 2 people have approved")).to_be_visible()

    tim = sign_in(browser, portal, "tim")
    approve(tim, portal, f"{MODEL} 1")
    expect(tim.get_by_text("Nothing: it can be deployed.")).to_be_visible()

    operator.reload()
    operator.locator("#deploy-reason").fill("Read by two")
    operator.get_by_role("button", name="Make it champion").click()
    expect(operator.locator(".alert-success").first).to_contain_text("The version is champion.")
    expect(operator.locator("main .facts .state").first).to_have_text("Champion")
    operator.get_by_role("link", name=f"History of {MODEL}").click()
    expect(operator.locator("#serving tbody tr")).to_have_count(1)
    expect(operator.locator("#serving")).to_contain_text("Read by two")
    for page in (dora, operator, clara, tim):
        page.context.close()


def test_anyone_pulls_the_kill_switch_and_every_page_says_so(
    browser: Browser, context: BrowserContext, portal: Any, visit: Any, artifacts: Path
) -> None:
    portal.open_office()
    visited = visit(context, portal)
    page = visited.page
    visited.go("/water/?lang=en")
    page.get_by_text("Stop automatic decisions in Water").click()
    page.locator("#stop-reason").fill("It sees leaks everywhere")
    page.get_by_role("button", name="Stop automatic decisions").click()
    told = "Water is stopped: nothing is decided automatically"
    for path in ("/", "/models", "/benefits", "/water/"):
        visited.go(path)
        expect(page.locator(".alert-warning").first).to_contain_text(told)
        expect(page.get_by_role("button", name="Start automatic decisions again")).to_have_count(0)
    assert visited.troubles == []
    visited = visit(context, portal, person="operator")
    visited.go("/?lang=da")
    check_page(visited, "da", artifacts / "governance-stopped-da")
    operator = sign_in(browser, portal, "operator")
    operator.get_by_text("Start automatic decisions again").first.click()
    operator.locator("#resume-reason-water").fill("Repaired")
    operator.get_by_role("button", name="Start automatic decisions again").click()
    expect(operator.locator(".alert-warning")).to_have_count(0)
    operator.context.close()


def test_an_alarm_is_settled(browser: Browser, portal: Any) -> None:
    office = portal.open_office()
    office.governance.alarm("workload:water", "drift", "Other numbers.", {"psi": 0.31}, actor="watch", now=office.now)
    clara = sign_in(browser, portal, "clara")
    clara.get_by_role("link", name="Alarms").click()
    clara.get_by_text("Settle this alarm").first.click()
    clara.get_by_label("What was decided").fill("nothing to do")
    clara.get_by_label("Why").fill("It rained")
    clara.get_by_role("button", name="Settle this alarm").click()
    expect(clara.get_by_text("No alarm is open.")).to_be_visible()
    expect(clara.locator("#settled")).to_contain_text("It rained")
    clara.context.close()
