"""Reports as a reader's browser shows them: accessible, narrow, dark, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from samdrift_evaluation import checklist
from samdrift_evaluation.compare import ScoredCases, compare_reports, compare_scores, comparison_page
from samdrift_evaluation.report_page import report_page
from samdrift_reports.examples import REPORT
from samdrift_testing.pages import NARROW, check_keyboard, check_rules

pytestmark = pytest.mark.browser

CHECKED = replace(REPORT, checklist=checklist.checked(REPORT, checklist.names(), {"intended_use"}))
Scheme = Literal["light", "dark"]
Opened = Callable[[str, Scheme], Page]


@dataclass(frozen=True)
class Stopped:
    """A judgement that stops a version."""

    passed: bool = False
    reasons: tuple[str, ...] = ("auc of density=dense: 0.60 is below 0.65",)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Opens a page from a file, as somebody does who was sent it; a message on the console fails the test."""
    contexts: list[BrowserContext] = []
    messages: list[str] = []

    def open_page(text: str, scheme: Scheme = "light") -> Page:
        file = tmp_path / f"page-{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_a_report_breaks_no_accessibility_rule_and_fits_a_narrow_screen(
    opened: Opened, language: str, scheme: Scheme
) -> None:
    page = opened(report_page(CHECKED, Stopped(), language), scheme)
    check_rules(page)
    check_keyboard(page)
    page.set_viewport_size({"width": NARROW, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    check_rules(page)


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("paired", [True, False])
def test_a_comparison_breaks_no_accessibility_rule_and_fits_a_narrow_screen(
    opened: Opened, language: str, paired: bool
) -> None:
    cases = ScoredCases(labels=[0, 1] * 30, first=list(range(60)), second=[i % 20 + i % 2 for i in range(60)])
    found = compare_scores(cases, thresholds=(30, 10)) if paired else compare_reports(REPORT, CHECKED)
    page = opened(comparison_page(found, language), "light")
    check_rules(page)
    page.set_viewport_size({"width": NARROW, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_a_name_of_a_drawing_is_what_a_screen_reader_says(opened: Opened) -> None:
    page = opened(report_page(CHECKED, None, "en"), "light")
    assert page.get_by_role("img", name="ROC curve").count() == 1
    assert page.get_by_role("table", name="All cases").get_by_role("row").count() == 4


def test_on_paper_the_tables_below_the_drawings_are_unfolded_and_nothing_is_cut_off(opened: Opened) -> None:
    page = opened(report_page(CHECKED, Stopped(), "da"), "dark")
    assert not page.locator("#plot-roc-values").is_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 inside its margins, at 96 pixels an inch
    assert page.locator("#plot-roc-values").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    for region in page.locator(".table--responsive-scroll").all():
        assert region.evaluate("part => part.querySelector('table').scrollWidth <= part.clientWidth + 1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
