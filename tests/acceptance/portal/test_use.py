"""What people do in the portal: sign in, follow the work, look at a plot, change the language, sign out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from samdrift_platform.contract import Verdict

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def test_a_link_signs_in_once_and_signing_out_ends_it(context: BrowserContext, portal: Any, visit: Any) -> None:
    visited = visit(context, portal, signed_in=False)
    page, link = visited.page, portal.link()
    page.goto(link)
    page.get_by_role("button", name="Log på").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overblik over arbejdet")
    page.get_by_role("button", name="Log af").click()
    expect(page.get_by_role("button", name="Log af")).to_have_count(0)
    assert visited.troubles == []
    page.goto(link)
    page.get_by_role("button", name="Log på").click()
    expect(page.locator(".alert-error")).to_contain_text("used before")
    visited.go("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log på")


def test_progress_changes_without_a_reload_and_keeps_the_focus(
    context: BrowserContext, portal: Any, visit: Any
) -> None:
    portal.submit("street/7", ["a", "b", "c", "d"])
    visited = visit(context, portal)
    visited.go("/?lang=en")
    page = visited.page
    page.evaluate("window.notReloaded = true")
    bar = page.locator("#all-work")
    expect(page.locator(".progress-text").first).to_have_text("0 of 4 ended")
    page.get_by_role("link", name="street/7").focus()
    claims = portal.claim()
    portal.finish(claims[0], Verdict.DONE)
    portal.finish(claims[1], Verdict.REJECTED, reason="unreadable")
    expect(page.locator(".progress-text").first).to_have_text("2 of 4 ended")
    expect(bar).to_have_js_property("value", 2)
    expect(page.get_by_role("link", name="street/7")).to_be_focused()
    assert page.locator("#announcement").inner_text() == ""
    for claim in claims[2:]:
        portal.finish(claim, Verdict.DONE)
    expect(page.locator(".progress-text").first).to_have_text("4 of 4 ended")
    expect(page.locator("#announcement")).to_have_text("All work has ended.")
    expect(page.locator("[data-live]")).to_have_attribute("hx-trigger", "every 10s")
    assert page.evaluate("window.notReloaded") is True
    assert visited.troubles == []


def test_a_submissions_page_follows_its_items(context: BrowserContext, portal: Any, visit: Any) -> None:
    identifier = portal.submit("street/7", ["a"])
    visited = visit(context, portal)
    visited.go(f"/submissions/{identifier}?lang=en")
    expect(visited.page.locator("#items .state")).to_have_text("Queued")
    (claim,) = portal.claim()
    expect(visited.page.locator("#items .state")).to_have_text("Running")
    portal.finish(claim, Verdict.WAITING_FOR_PERSON, reason="Is there a leak?")
    expect(visited.page.locator("#items .state")).to_have_text("Waits for a person")
    expect(visited.page.locator("#items")).to_contain_text("Is there a leak?")
    assert visited.troubles == []


def test_live_updates_can_be_paused(context: BrowserContext, portal: Any, visit: Any) -> None:
    portal.submit("street/7", ["a"])
    visited = visit(context, portal)
    visited.go("/?lang=en")
    page = visited.page
    switch = page.get_by_role("button", name="Pause live updates")
    with page.expect_response(lambda response: "/fragments/work" in response.url):
        pass
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    (claim,) = portal.claim()
    portal.finish(claim, Verdict.DONE)
    page.wait_for_timeout(2500)  # more than two polls: that nothing happens can only be waited for
    assert asked == []
    expect(page.locator(".progress-text").first).to_have_text("0 of 1 ended")
    switch.click()
    expect(page.locator(".progress-text").first).to_have_text("1 of 1 ended")
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_a_server_that_fails_leaves_what_is_shown_and_says_so(context: BrowserContext, portal: Any, visit: Any) -> None:
    portal.submit("street/7", ["a"])
    visited = visit(context, portal)
    context.route("**/fragments/work*", lambda route: route.fulfill(status=503, body="<p>broken</p>"))
    visited.go("/?lang=en")
    expect(visited.page.locator("[data-live-trouble]")).to_be_visible()
    expect(visited.page.locator(".progress-text").first).to_have_text("0 of 1 ended")
    context.unroute("**/fragments/work*")
    (claim,) = portal.claim()
    portal.finish(claim, Verdict.DONE)
    expect(visited.page.locator(".progress-text").first).to_have_text("1 of 1 ended")
    expect(visited.page.locator("[data-live-trouble]")).to_be_hidden()


def test_an_ended_session_leads_back_to_the_way_in(context: BrowserContext, portal: Any, visit: Any) -> None:
    portal.submit("street/7", ["a"])
    visited = visit(context, portal)
    visited.go("/?lang=en")
    context.clear_cookies(name="samdrift_session")
    expect(visited.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_language_stays_chosen(context: BrowserContext, portal: Any, visit: Any) -> None:
    visited = visit(context, portal)
    visited.go("/")
    page = visited.page
    expect(page.locator("html")).to_have_attribute("lang", "da")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Benefits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Benefits")
    assert visited.troubles == []


def test_the_plot_is_drawn_and_its_table_holds_the_values(
    context: BrowserContext, full_portal: Any, visit: Any
) -> None:
    visited = visit(context, full_portal)
    visited.go("/water/?lang=en")
    page = visited.page
    page.locator("#flow canvas").wait_for()
    colours = page.evaluate(
        """() => {
            const canvas = document.querySelector('#flow canvas');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let at = 0; at < pixels.length; at += 4) {
                if (pixels[at + 3] === 255) seen.add([pixels[at], pixels[at + 1], pixels[at + 2]].join());
            }
            return [...seen];
        }"""
    )
    for drawn in ("10,92,107", "179,64,10", "91,58,140"):  # the first three colours of portal.css
        assert drawn in colours
    page.locator(".plot-twin summary").click()
    rows = page.locator("#flow-table tbody tr")
    expect(rows).to_have_count(48)
    expect(rows.nth(5)).to_contain_text("24 Oct 2026 19:00")
    assert rows.nth(5).locator("td").all_inner_texts() == ["15.0", "21.0", "–"]
    twice = [text for text in page.locator("#flow-table th time").all_inner_texts() if text == "25 Oct 2026 02:00"]
    assert len(twice) == 2, "the hour that summer time gives back is there twice"
    assert visited.troubles == []


def test_the_values_under_the_pointer_are_written_out(context: BrowserContext, full_portal: Any, visit: Any) -> None:
    visited = visit(context, full_portal)
    visited.go("/water/?lang=en")
    visited.page.locator("#flow .u-over").hover()
    values = visited.page.locator("#flow .plot-value")
    expect(values.nth(2)).to_have_text("4.15")
    assert visited.troubles == []
