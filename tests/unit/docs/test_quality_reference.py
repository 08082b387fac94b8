"""The reference of the quality control has every code with its sentences, and every edge case with its verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import samdrift_mammography
from samdrift_mammography.quality.side import LEAST_RATIO
from samdrift_mammography.reasons import IMAGE_FINDINGS, IMAGE_PROBLEMS, REJECTIONS
from samdrift_testing.edge_cases import CASES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "mammography-quality.md"
DANISH = Path(samdrift_mammography.__file__).parent / "locales" / "da" / "LC_MESSAGES" / "messages.po"


@pytest.fixture(scope="module")
def lines() -> set[str]:
    return set(PAGE.read_text(encoding="utf-8").splitlines())


def test_every_code_stands_there_with_its_sentence_in_both_languages(lines: set[str]) -> None:
    with DANISH.open("rb") as file:
        catalogue = read_po(file, locale="da")
    for code, english in {**IMAGE_PROBLEMS, **IMAGE_FINDINGS, **REJECTIONS}.items():
        message = catalogue.get(english)
        assert message is not None
        assert f"| `{code}` | {english} | {message.string} |" in lines


def test_every_edge_case_stands_there_with_its_verdict(lines: set[str]) -> None:
    for case in CASES:
        codes = ", ".join(f"`{code}`" for code in case.codes)
        verdict = f"{case.expected}: {codes}" if codes else case.expected
        assert f"| `{case.name}` | {case.what} | {verdict} |" in lines


def test_nothing_else_stands_there(lines: set[str]) -> None:
    named = {line.split("`")[1] for line in lines if line.startswith("| `")}
    assert named == {*IMAGE_PROBLEMS, *IMAGE_FINDINGS, *REJECTIONS, *(case.name for case in CASES)}
    assert any(f"factor of {LEAST_RATIO}" in line for line in lines)
