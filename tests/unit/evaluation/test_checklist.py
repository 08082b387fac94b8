from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from samdrift_evaluation import checklist
from samdrift_evaluation.checklist import UnknownChecklistError, checked, sections
from samdrift_evaluation.estimate import TooFew
from samdrift_evaluation.report import Line, Report
from samdrift_reports.examples import REPORT

EMPTY = replace(REPORT, data=(), lines=(), curves=(), limits=(), settings={})
KINDS = {"figure", "subgroups", "curve", "setting", "card", "data", "limits", "settings"}


def evidence(report: Report, number: str, *card: str) -> tuple[str | None, str]:
    [item] = [each for each in checked(report, ["tripod_ai"], card) if each.item == number]
    return item.evidence, item.comment


def test_the_four_publications_are_there_and_named() -> None:
    assert checklist.names() == ("claim_2024", "decide_ai", "future_ai", "tripod_ai")
    for name in checklist.names():
        assert any(word in checklist.read(name).publication for word in ("BMJ", "Radiology"))


@pytest.mark.parametrize("name", checklist.names())
def test_items_are_numbered_once_and_asked_in_both_languages(name: str) -> None:
    read = checklist.read(name)
    assert set(read.left_out) == {"da", "en"}
    assert max(Counter(item.item for item in read.items).values()) == 1
    for item in read.items:
        assert item.asks["en"] != item.asks["da"]
        assert all(text.endswith(".") for text in item.asks.values())
        assert {need.partition(": ")[0] for need in item.needs} <= KINDS
        assert checklist.by_name(read.name) == read


@pytest.mark.parametrize("name", checklist.names())
def test_an_empty_report_has_evidence_for_nothing_and_says_what_is_missing(name: str) -> None:
    items = checked(EMPTY, [name])
    assert len(items) == len(checklist.read(name).items)
    assert {item.evidence for item in items} == {None}
    assert all(item.comment for item in items if checklist.read(name).item(item.item).needs)  # type: ignore[union-attr]  # it is there


def test_evidence_names_the_figure_that_is_really_there() -> None:
    assert evidence(REPORT, "14") == ("subgroups: auc", "")
    assert evidence(REPORT, "26") == ("limits", "")
    assert evidence(REPORT, "21")[0] == "figure: auc; figure: sensitivity; figure: readings_saved"


def test_half_of_what_an_item_asks_for_is_not_enough() -> None:
    there, missing = evidence(REPORT, "12e")
    assert there is None
    assert missing == "curve: decision*"
    drawn = replace(REPORT.curves[0], name="decision curve")
    assert evidence(replace(REPORT, curves=(*REPORT.curves, drawn)), "12e")[0] == (
        "figure: auc; curve: reliability; curve: decision curve"
    )


def test_too_few_cases_are_no_evidence() -> None:
    few = TooFew(n=3, reason="at least 20 are needed")
    alone = replace(
        REPORT, lines=tuple(Line(name=line.name, figure=few, subgroup=line.subgroup) for line in REPORT.lines)
    )
    assert evidence(alone, "14") == (None, "subgroups: *")
    assert evidence(alone, "21") == (None, "figure: *")


def test_a_curve_without_points_is_no_evidence() -> None:
    hollow = replace(REPORT, curves=tuple(replace(curve, points=()) for curve in REPORT.curves))
    assert "curve: reliability*|calibration*" in evidence(hollow, "12e")[1]


def test_a_section_of_the_card_counts_only_when_it_is_filled() -> None:
    assert evidence(REPORT, "3b") == (None, "card: intended_use, card: users|intended_users")
    assert evidence(REPORT, "3b", "intended_use")[0] is None
    assert evidence(REPORT, "3b", "intended_use", "users") == ("card: intended_use; card: users", "")


def test_sections_of_a_card_are_those_with_text() -> None:
    card = "# name\nintroduction\n\n## Intended use ##\nReading films.\n## Users\n\n### Who trains?\ntext\n## Empty\n"
    assert sections(card) == {"intended_use", "who_trains"}
    assert sections("") == sections("no heading") == frozenset()


def test_an_unknown_checklist_is_named() -> None:
    with pytest.raises(UnknownChecklistError, match=r"tripod_ai"):
        checked(REPORT, ["spirit"])
