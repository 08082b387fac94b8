"""Sentences that code makes in English are found in Danish, parts and all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.gate import Reason, judge, read_policy
from samdrift_evaluation.report import Line, Report
from samdrift_platform.portal.folders import PORTAL
from samdrift_platform.portal.templating import Templates
from samdrift_registry.approvals import lacking
from samdrift_registry.lifecycle import FACTS
from samdrift_registry.people import Role
from samdrift_registry.rules import Rules
from samdrift_testing.governing import policy
from samdrift_testing.work import NOW

TEMPLATES = Templates([PORTAL])


def danish(sentence: str) -> str:
    return TEMPLATES.translate(sentence, "da", owner=PORTAL.name)


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("The evaluation is of other files.", "Evalueringen gælder andre filer."),
        ("The approval by clara does not count: it is for other files.",
         "Godkendelsen fra clara tæller ikke: den gælder andre filer."),
        ("The approval by tim does not count: withdrawn on 2026-11-24 (100 % wrong (twice)).",
         "Godkendelsen fra tim tæller ikke: trukket tilbage 2026-11-24 (100 % wrong (twice))."),
        ("It was retired: it is for other files", "Den er udgået: it is for other files"),
        ("Nobody says this.", "Nobody says this."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_is_found_with_its_parts(english: str, expected: str) -> None:
    assert danish(english) == expected
    assert TEMPLATES.translate(english, "en", owner=PORTAL.name) == english


def test_all_that_a_policy_can_miss_is_said_in_danish() -> None:
    rules = Rules(
        name="reader-study", version=1, digest="sha256:" + "0" * 64, since=NOW, people=3,
        roles=(frozenset({Role.CLINICAL, Role.DOMAIN}), frozenset({Role.TECHNICAL})), valid=timedelta(days=30),
        required_facts=(), evidence="own",
    )  # fmt: skip
    said = [danish(sentence) for sentence in lacking(rules, ())]
    assert said == [
        "0 af 3 personer har godkendt: 3 personer mere skal gøre det, og ikke den, der har registreret den.",
        "Ingen har godkendt i rollen klinisk eller faglig godkender: En person med den rolle skal gøre det.",
        "Ingen har godkendt i rollen teknisk godkender: En person med den rolle skal gøre det.",
    ]


@pytest.mark.parametrize(("name", "called"), FACTS.items())
def test_every_fact_that_is_missing_is_said_in_danish(name: str, called: str) -> None:
    said = danish(f"The {called} is not declared: declare `{name}`.")
    assert said.startswith("Ikke erklæret: ")
    assert called not in said


def accuracy(low: float, least: float) -> Reason:
    """What the gate says about an accuracy."""
    figure = Estimate(value=low + 0.1, low=low, high=low + 0.2, n=100, method="exact")
    report = Report(
        suite="guesses", subject="sha256:" + "0" * 64, made_at=NOW, made_by="a test", data=(),
        lines=(Line(name="accuracy", figure=figure),),
    )  # fmt: skip
    (reason,) = judge(report, read_policy(policy(least=least))).reasons
    return reason


@pytest.mark.parametrize(
    ("least", "words"),
    [
        (0.5, ["accuracy er 0.70 [0.60, 0.80], n = 100; den nedre grænse 0.6 skal være mindst 0.5: opfyldt."]),
        (0.65, ["mangler 0.05.", "på den rigtige side: Med omkring", "tilfælde i stedet for 100"]),
        (0.9, ["mangler 0.3.", "på den forkerte side"]),
    ],
)
def test_what_the_gate_says_is_said_in_danish(least: float, words: list[str]) -> None:
    said = danish(str(accuracy(0.6, least)))
    assert all(word in said for word in words), said
