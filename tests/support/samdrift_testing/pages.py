"""What must hold on any page, judged in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: The rules of axe-core that are run.
AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
#: WCAG 2.2, 1.4.10 (reflow): 320 CSS pixels is a 1280 pixel window at 400 %.
NARROW = 320


def check_page(visited: Any, language: str, picture: Path) -> None:
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
    """Tab reaches every link, button and region, each with a visible focus, and ends where it began.

    Of radio buttons with one name it reaches one; the arrow keys go on from there.
    """
    page.evaluate("window.scrollTo(0, 0); document.activeElement.blur();")
    number = page.evaluate(
        """() => {
            const fields = 'button, input:not([type=hidden]), select, textarea';
            const stops = `a[href], ${fields}, summary, [tabindex="0"]`;
            const among = part => `input[type=radio][name="${part.name}"]`;
            const found = selector => document.querySelector(selector);
            const first = part => found(among(part) + ':checked') || found(among(part));
            const isStop = part => part.checkVisibility() && (part.type !== 'radio' || part === first(part));
            window.stops = [...document.querySelectorAll(stops)].filter(isStop);
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
