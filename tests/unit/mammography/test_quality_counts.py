from __future__ import annotations

import html
from typing import Any

import pytest

from samdrift_mammography import tables
from samdrift_mammography.reasons import IMAGE_FINDINGS, IMAGE_PROBLEMS, REJECTIONS
from samdrift_mammography.worklist.quality import QualityCounts, UnitCount, quality_counts
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.screening import Centre, portal
from samdrift_testing.work import NOW


def view(*problems: str, quality: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"problems": list(problems), "quality": list(quality)}


def counted(centre: Centre) -> QualityCounts:
    with centre.caught_up().read() as connection:
        return quality_counts(connection)


@pytest.fixture
def centre(ledger: Ledger) -> Centre:
    return Centre(ledger)


def test_each_exam_counts_once_for_each_code_of_its_images(centre: Centre) -> None:
    unscored: dict[str, Any] = {"score": None, "reasons": ["missing-views"], "missing": ["RCC"]}
    centre.exam("a", views=[view("implant", "partial-view"), view("implant")], **unscored)
    centre.exam("b", views=[view(quality=("lossy", "odd-age")), view(quality=("lossy",))])
    centre.exam("c", views=[view(quality=("lossy",))], screening_unit="other")
    centre.exam("d", views=[view()], screening_unit="other")
    centre.refused("empty", 1, 3)
    centre.refused("truncated", 2, 3)
    centre.refused("truncated", 3, 3)
    centre.queued("e")
    found = counted(centre)
    assert found.exams == 4
    assert dict(found.problems) == {"implant": 1, "partial-view": 1}
    assert list(found.findings.items()) == [("lossy", 2), ("odd-age", 1)]
    assert list(found.refused.items()) == [("truncated", 2), ("empty", 1)]
    assert found.units == [
        UnitCount(screening_unit="other", exams=2, not_scored=0),
        UnitCount(screening_unit="unit", exams=2, not_scored=1),
    ]


def test_no_code_is_counted_for_another_that_contains_it(centre: Centre) -> None:
    """Each exam has one code; were `implant` also found in a longer code, it would count twice."""
    codes = [*IMAGE_PROBLEMS, *IMAGE_FINDINGS]
    for code in codes:
        centre.exam(f"exam-{code}", views=[view(code)])
    found = counted(centre)
    assert {**found.problems, **found.findings} == dict.fromkeys(codes, 1)


def test_an_empty_worklist_has_nothing_to_count(centre: Centre) -> None:
    found = counted(centre)
    assert (found.exams, found.problems, found.findings, found.refused, found.units) == (0, {}, {}, {}, [])


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_page_says_every_code_in_words(ledger: Ledger, language: str) -> None:
    with portal({}) as over:
        visit = over(ledger)
        visit.centre.exam("a", views=[view(*IMAGE_PROBLEMS, quality=tuple(IMAGE_FINDINGS))])
        for position, code in enumerate(REJECTIONS, start=1):
            visit.centre.refused(code, position, len(REJECTIONS))
        text = html.unescape(visit.page("/mammography/quality", language))
    assert all(f'<th scope="row">{code}</th>' in text for code in (*IMAGE_PROBLEMS, *IMAGE_FINDINGS, *REJECTIONS))
    sentences = [*IMAGE_PROBLEMS.values(), *IMAGE_FINDINGS.values()]
    assert [sentence in text for sentence in sentences] == [language == "en"] * len(sentences)


def test_the_page_counts_files_in_quarantine(ledger: Ledger) -> None:
    kept = {"code": "not-dicom", "sop_instance_uid": "", "source": "dimse:MODALITY", "received_at": NOW}
    with portal({}) as over:
        visit = over(ledger)
        with ledger.write() as connection:
            connection.execute(tables.quarantine.insert(), [{"object": f"sha256:{n}", **kept} for n in (1, 2)])
        text = visit.page("/mammography/quality")
    row = '<th scope="row">not-dicom</th><td>Not DICOM</td><td class="numeric">2</td>'
    assert row in text.split('id="quarantine"')[1]
