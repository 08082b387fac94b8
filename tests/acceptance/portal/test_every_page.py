"""Every page, in both languages, opened by a real browser in an empty and in a full portal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from samdrift_platform import plugins
from samdrift_platform.settings import load

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
AREAS = [f"/{name}/" for name in ("water", *plugins.workload_names(load().workloads))]
FOR_EVERYONE = ["/was", "/not-this", "/sign-in", "/sign-in?link=secret", "/signed-out"]
IN_EMPTY_PORTAL = ["/", "/benefits", *AREAS, *FOR_EVERYONE]
#: "submission" and "item" stand for the first ones that home and the submission's page link to.
IN_FULL_PORTAL = ["/", "submission", "item", "/benefits", "/water/"]
LANGUAGES = ["da", "en"]

#: WCAG 2.2, 1.4.10 (reflow): 320 CSS pixels is a 1280 pixel window at 400 %.
NARROW = 320


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", IN_EMPTY_PORTAL)
def test_in_an_empty_portal(
    context: BrowserContext, empty_portal: Any, visit: Any, artifacts: Path, path: str, language: str
) -> None:
    visited = visit(context, empty_portal, signed_in=path not in FOR_EVERYONE)
    visited.go(in_language(path, language))
    check(visited, language, artifacts / f"empty-{slug(path)}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", IN_FULL_PORTAL)
def test_in_a_full_portal(
    context: BrowserContext, full_portal: Any, visit: Any, artifacts: Path, path: str, language: str
) -> None:
    visited = visit(context, full_portal)
    if path in ("submission", "item"):
        visited.go("/")
        follow(visited.page, "#submissions tbody tr:last-child a")
        if path == "item":
            follow(visited.page, "#items tbody tr:nth-child(1) a")
        visited.go(in_language(visited.page.url.removeprefix(visited.home), language))
    else:
        visited.go(in_language(path, language))
    check(visited, language, artifacts / f"full-{slug(path)}-{language}")


def check(visited: Any, language: str, picture: Path) -> None:
    """All that must hold on any page."""
    page = visited.page
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.locator("footer a[href='/was']").is_visible()
    page.screenshot(path=f"{picture}.png", full_page=True)
    check_font(page)
    check_rules(page)
    check_keyboard(page)
    check_narrow(page, picture)
    assert visited.troubles == []


def check_font(page: Page) -> None:
    """IBM Plex Sans is loaded from our own files, not taken from a system that happens to have it."""
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"IBM Plex Sans\"'))")
    loaded = page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert "IBM Plex Sans" in {family.strip("\"'") for family in loaded}


def check_rules(page: Page) -> None:
    """No violation of axe-core's rules, with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    results = Axe().run(page, options=AXE)
    assert results.violations_count == 0, results.generate_report()
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = false; })")


def check_keyboard(page: Page) -> None:
    """Tab reaches every link, button and region, each with a visible focus, and ends where it began."""
    page.evaluate("window.scrollTo(0, 0); document.activeElement.blur();")
    number = page.evaluate(
        """() => {
            const stops = 'a[href], button, input:not([type=hidden]), summary, [tabindex="0"]';
            window.stops = [...document.querySelectorAll(stops)].filter(part => part.checkVisibility());
            return window.stops.length;
        }"""
    )
    reached = []
    for _ in range(number + 2):
        page.keyboard.press("Tab")
        stop, marked, markup = page.evaluate(
            """() => {
                const part = document.activeElement, style = getComputedStyle(part);
                const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
                return [window.stops.indexOf(part), marked, part.outerHTML.slice(0, 120)];
            }"""
        )
        if stop >= 0:
            assert marked, f"no visible focus: {markup}"
            reached.append(stop)
    wanted = list(range(number))
    assert sorted(set(reached)) == wanted
    assert reached[: len(wanted)] == wanted, "the focus does not follow the order of the page"


def check_narrow(page: Page, picture: Path) -> None:
    """Nothing has to be scrolled sideways at 320 pixels, except tables and code inside their own regions."""
    before = page.viewport_size
    page.evaluate("document.activeElement.blur()")
    page.set_viewport_size({"width": NARROW, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=f"{picture}-narrow.png", full_page=True)
    assert width <= NARROW
    if before:
        page.set_viewport_size(before)


def follow(page: Page, link: str) -> None:
    address = page.locator(link).first.get_attribute("href")
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1", page.url) + str(address))


def in_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def slug(path: str) -> str:
    return re.sub(r"\W+", "-", path).strip("-") or "home"
