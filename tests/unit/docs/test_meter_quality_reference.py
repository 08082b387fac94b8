"""The reference of the meters' quality control has every code with its sentences, and the limits that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samdrift_energy_forecast.quality import clock, copies, counter, frozen, spikes, suitability, typical, zeros
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.sentences import SENTENCES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "meter-quality.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_finding_has_sentences_in_both_languages() -> None:
    assert set(SENTENCES) == set(Finding)
    for sentence in SENTENCES.values():
        names = [set(re.findall(r"{(\w+)}", words)) for words in (sentence.da, sentence.en)]
        assert {name.removesuffix("_da") for name in names[0]} == {name.removesuffix("_en") for name in names[1]}


def test_every_code_stands_there_with_its_sentences(text: str) -> None:
    for code, sentence in SENTENCES.items():
        used = "yes" if code.is_notice else "no"
        english, danish = (f"{sentence.says(to)} {sentence.remedy(to)}" for to in ("en", "da"))
        assert f"| `{code}` | {used} | {english} | {danish} |" in text.splitlines()


def test_no_other_code_stands_there(text: str) -> None:
    table = text.partition("## Findings")[2].partition("## How")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == [str(code) for code in Finding]


@pytest.mark.parametrize(
    "limit",
    [
        f"{2 * typical.REACH_WORKDAYS} neighbouring days",
        f"{2 * typical.REACH_WEEKEND} for weekends",
        f"At most {spikes.LONGEST_H} hours on end above {spikes.ANYWHERE} times the 99th percentile",
        f"{spikes.STANDS_OUT:g} times as high",
        f"One value for {frozen.FEWEST_H} hours",
        f"below {frozen.SMALLEST_STEPS:g} of the meter's smallest steps",
        f"At least {zeros.WORTH_JUDGING:.0%}".replace("%", " %"),
        f"at most {zeros.USUAL_SHARE_SHORT:.0%} of".replace("%", " %"),
        f"({zeros.USUAL_SHARE:.0%} where the zeros last {zeros.SHORT_H} hours)".replace("%", " %"),
        f"Zeros for {zeros.DEAD_H // 24} days between November and March",
        f"for {zeros.DEAD_OFTEN_OFF_H // 24} days where they are not",
        f"more than {counter.LARGEST_RISE:g} times the usual rise",
        f"above {copies.LEAST_CORRELATION} over at least {copies.FEWEST_COMMON_HOURS:,} common hours",
        f"Readings in {suitability.FEWEST_HOURS_SHARE:.0%} of the hours".replace("%", " %"),
        f"at most {suitability.LARGEST_ZERO_SHARE:.0%} zeros".replace("%", " %"),
        f"a correlation of {suitability.LEAST_CORRELATION}, {suitability.LEAST_MEAN_KWH:g} kWh",
        f"in {('', '', '', 'three')[clock.REACH_H // 168]} weeks before and after",
    ],
)
def test_the_limits_are_those_of_the_code(text: str, limit: str) -> None:
    assert limit in text
