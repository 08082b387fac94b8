from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2.ext import GETTEXT_FUNCTIONS, babel_extract

from samdrift_evaluation import checklist
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.rendering import FOLDER, number
from samdrift_evaluation.report import Line, Report
from samdrift_evaluation.report_page import report_body, report_page
from samdrift_reports.examples import REPORT

PLACEHOLDER = re.compile(r"%\(\w+\)s")
CHECKED = replace(REPORT, checklist=checklist.checked(REPORT, checklist.names(), {"intended_use"}))
EMPTY = replace(REPORT, data=(), lines=(), curves=(), checklist=(), limits=(), settings={})


@dataclass(frozen=True)
class Judged:
    passed: bool
    reasons: tuple[str, ...] = ()


class Elements(HTMLParser):
    """Tags with attributes, ids, and the ends of links inside the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(attribute))]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("report", [CHECKED, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("judgement", [None, Judged(True), Judged(False, ("auc is too low",))], ids=str)
def test_one_file_that_runs_nothing_and_asks_nobody(report: Report, language: str, judgement: Judged | None) -> None:
    page = Elements(report_page(report, judgement, language))
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(tags)
    assert tags.count("h1") == tags.count("main") == tags.count("style") == 1
    assert page.values("lang")[0] == language
    assert not page.values("style")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not page.values("src")
    assert all(value.startswith("#") for value in page.values("href"))


@pytest.mark.parametrize("language", ["da", "en"])
def test_ids_are_there_once_and_links_and_labels_lead_to_them(language: str) -> None:
    page = Elements(report_page(CHECKED, Judged(True), language))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in page.values("href")} <= set(ids)
    assert {each for value in page.values("aria-labelledby") for each in value.split()} <= set(ids)


def test_a_fragment_suits_a_page_with_a_strict_policy_and_a_heading_of_its_own() -> None:
    body = Elements(report_body(CHECKED, "da", Judged(False, ("because",))))
    assert not {"html", "head", "style", "script", "h1"} & {tag for tag, _ in body.tags}
    assert not body.values("style")


def test_what_a_report_says_is_shown_as_text_never_as_markup() -> None:
    page = report_page(CHECKED)
    assert "Scores &lt;b&gt;below 0.1&lt;/b&gt; &amp; ties were kept." in page
    assert "&lt;unknown&gt;" in page
    hostile = replace(
        REPORT, suite="<script>alert(1)</script>", made_by="</title><script>", limits=('"><svg onload=x>',)
    )
    assert "<script" not in report_page(hostile)
    assert "<svg onload" not in report_page(hostile)


def test_every_figure_stands_there_with_its_interval_and_n() -> None:
    text = Elements(report_page(CHECKED)).text
    for shown in ("0.823", "0.783 to 0.863", "480", "0.60 to 0.80", "1,234 readings", "too few cases", "at least 20"):
        assert shown in text
    danish = Elements(report_page(CHECKED, None, "da")).text
    for shown in ("0,823", "0,783 til 0,863", "1.234 granskninger", "for få cases", "24. november 2026 kl. 12.30 UTC"):
        assert shown in danish
    assert CHECKED.digest in danish


def test_another_confidence_than_95_is_said() -> None:
    wide = Estimate(value=0.8, low=0.7, high=0.9, n=100, method="DeLong", confidence=0.9)
    text = Elements(report_page(replace(REPORT, lines=(Line(name="auc", figure=wide),)))).text
    assert "0.70 to 0.90 (90" in text


def test_what_was_not_done_is_said() -> None:
    text = Elements(report_page(EMPTY)).text
    assert text.count("Not done") == 2
    assert "That does not mean there are none." in text
    checked = Elements(report_page(CHECKED)).text
    assert checked.count("Not done") == sum(item.evidence is None for item in CHECKED.checklist)


def test_the_verdict_comes_first() -> None:
    stopped = Elements(report_body(CHECKED, "en", Judged(False, ("auc of dense films is too low",)))).text
    assert stopped.index("The gate stops this version") < stopped.index("auc of dense films") < stopped.index("0.823")
    assert "People still decide" in Elements(report_body(CHECKED, "en", Judged(True))).text
    assert "The gate" not in Elements(report_body(CHECKED, "en")).text


def test_items_of_our_checklists_are_asked_in_the_readers_language() -> None:
    danish = Elements(report_page(CHECKED, None, "da")).text
    assert "Hvad der begrænser undersøgelsen." in danish
    assert "What limits the study." not in danish
    foreign = Elements(report_page(REPORT, None, "da")).text
    assert "How fairness was looked at." in foreign


def test_there_is_no_third_language() -> None:
    with pytest.raises(EvaluationError, match="'fr'"):
        report_page(REPORT, None, "fr")


def test_numbers_are_written_as_the_language_does() -> None:
    assert number(-1234.56, 1, language="en") == "−1,234.6"
    assert number(-1234.56, language="da") == "−1.234,56"
    assert number(-0.00001, language="en") == "0"


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_a_page_rounds_as_the_terminal_does(value: float, digits: int) -> None:
    written = number(value, digits, language="en").replace(",", "").replace("−", "-")
    assert float(written) == float(f"{value:.{digits}f}")
    assert written != "-0"


def _sentences() -> Iterator[str]:
    for template in sorted((FOLDER / "templates").rglob("*.*")):
        with template.open("rb") as source:
            for _, _, message, _ in babel_extract(source, GETTEXT_FUNCTIONS, [], {"trim_blocks": "true"}):
                yield message if isinstance(message, str) else str((message or [""])[0])


def test_every_sentence_is_in_danish_and_no_other() -> None:
    path = Path(FOLDER / "locales" / "da" / "LC_MESSAGES" / "messages.po")
    with path.open("rb") as source:
        catalogue = {str(message.id): str(message.string) for message in read_po(source) if message.id}
    assert set(_sentences()) == set(catalogue)
    for english, danish in catalogue.items():
        assert danish
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(danish))
