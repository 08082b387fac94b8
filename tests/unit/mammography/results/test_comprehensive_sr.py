"""The TID 1500 report, read back by highdicom."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pydicom
import pytest
from highdicom.sr import ComprehensiveSR
from pydicom import Dataset

from samdrift_mammography.results.comprehensive_sr import comprehensive_sr
from samdrift_mammography.results.file import part10
from samdrift_mammography.views import View
from samdrift_testing.reported_exam import ReportedExam, reported_exam
from samdrift_testing.screening_study import SPOT_COLUMN, SPOT_ROW, uid


def read_back(exam: ReportedExam) -> Any:
    """As highdicom reads it; its types do not say what content a report has."""
    return ComprehensiveSR.from_dataset(pydicom.dcmread(BytesIO(part10(comprehensive_sr(exam.report())))))


def evaluations(document: Dataset, value_type: str) -> list[Dataset]:
    (words,) = [i for i in document.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "C0034375"]
    return [item for item in words.ContentSequence if item.ValueType == value_type]


def comments(document: Dataset) -> list[str]:
    return [str(item.TextValue) for item in evaluations(document, "TEXT")]


def test_marks_are_circles_on_the_spot_of_their_own_image() -> None:
    groups = read_back(reported_exam()).content.get_planar_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["mark 1", "mark 2"]
    for group, view in zip(groups, (View.LCC, View.LMLO), strict=True):
        assert group.roi.graphic_type.value == "CIRCLE"
        (center, rim) = group.roi.value
        assert center == pytest.approx([SPOT_COLUMN, SPOT_ROW], abs=0.01)
        assert abs(rim[0] - center[0]) == pytest.approx(30, abs=0.01)
        source = group.roi.ContentSequence[0].ReferencedSOPSequence[0]
        assert source.ReferencedSOPInstanceUID == uid("image", 1, view)
        assert group.finding_sites[0].laterality.value == "7771000"


def codes(document: Dataset) -> dict[str, str]:
    """Qualitative evaluations: concept -> value."""
    told = evaluations(document, "CODE")
    return {i.ConceptNameCodeSequence[0].CodeValue: i.ConceptCodeSequence[0].CodeValue for i in told}


@pytest.mark.parametrize(
    ("score", "reading", "coded"),
    [(1, "single", "single"), (8, "double", "double"), (10, "double, priority", "double-priority")],
)
def test_score_and_reading_are_told_as_codes(score: int, reading: str, coded: str) -> None:
    told = codes(read_back(reported_exam(score, reading=reading)))
    assert told == {"suspicion-score": f"score-{score}", "reading": coded}


@pytest.mark.parametrize(("facts", "marks"), [({}, 2), ({"marks": {}}, 0), ({"score": None}, 0)])
def test_what_viewers_take_for_a_measurement_has_a_place_in_an_image(facts: dict[str, Any], marks: int) -> None:
    """OHIF gives up on a report that has one without."""
    report = read_back(reported_exam(**facts))
    measured = [i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010"]
    groups = [group for container in measured for group in container.ContentSequence]
    assert len(groups) == marks
    assert all(any(item.ValueType == "SCOORD" for item in group.ContentSequence) for group in groups)


@pytest.mark.parametrize("marks", [None, {}])
def test_words_are_said_with_and_without_marks(marks: dict[View, list[dict[str, float]]] | None) -> None:
    said = comments(read_back(reported_exam(marks=marks)))
    assert said[0] == "Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør."
    assert any("10 af 10" in sentence for sentence in said)


def test_an_exam_that_was_not_scored_has_no_score_and_the_reason() -> None:
    report = read_back(reported_exam(None, model=False, reasons=["stopped"]))
    assert codes(report) == {"reading": "double"}
    assert report.content.get_planar_roi_measurement_groups() == []
    assert comments(report)[1:] == [
        "Ikke scoret, fordi scoringen er stoppet. To radiologer gransker.",
        "Dette bygger på 4 billeder.",
    ]


def test_the_observer_is_a_device_and_the_language_danish() -> None:
    report = read_back(reported_exam())
    (observer,) = report.content.get_observer_contexts()
    assert observer.observer_identifying_attributes.serial_number == "mammography-triage/7"
    assert next(i.ConceptCodeSequence[0].CodeValue for i in report.ContentSequence if i.ValueType == "CODE") == "da"


def test_the_density_is_told_where_it_is_known() -> None:
    known = read_back(reported_exam(density={"class": "C", "probabilities": [0.1, 0.2, 0.6, 0.1]}))
    assert codes(known)["129715009"] == "129718006"
    assert "Brysttæthed: C." in comments(known)
    assert "129715009" not in codes(read_back(reported_exam()))
