"""The CAD report's tree, read back from its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from samdrift_mammography.reasons import BANNER
from samdrift_mammography.results.cad_sr import cad_sr
from samdrift_mammography.results.file import part10
from samdrift_mammography.results.wording import Language
from samdrift_mammography.views import View
from samdrift_testing.reported_exam import DIGEST, POLICY, SPOT, ReportedExam, reported_exam
from samdrift_testing.screening_study import SPOT_COLUMN, SPOT_ROW, uid


def written(exam: ReportedExam, language: Language = Language.DANISH) -> Dataset:
    return pydicom.dcmread(BytesIO(part10(cad_sr(exam.report(language)))))


def name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def children(item: Dataset, code: str) -> list[Dataset]:
    return [child for child in item.get("ContentSequence", []) if name(child) == code]


def child(item: Dataset, *codes: str) -> Dataset:
    for code in codes:
        (item,) = children(item, code)
    return item


def value(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeValue)


def everything(item: Dataset) -> Iterator[Dataset]:
    yield item
    for below in item.get("ContentSequence", []):
        yield from everything(below)


def image_at(document: Dataset, reference: Dataset) -> str:
    item = document
    for position in list(reference.ReferencedContentItemIdentifier)[1:]:
        item = item.ContentSequence[position - 1]
    assert item.ValueType == "IMAGE"
    return str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)


@pytest.fixture(scope="module")
def report() -> Dataset:
    return written(reported_exam())


def test_it_has_the_parts_of_tid_4000_in_order(report: Dataset) -> None:
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.50"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "4000"
    assert [name(item) for item in report.ContentSequence] == ["121049", "111028", "111017", "111064", "111065"]
    assert value(report.ContentSequence[0]) == "da"


@pytest.mark.parametrize(
    ("facts", "summary", "detections", "container"),
    [
        ({}, "111242", "111222", "111063"),
        ({"marks": {}}, "111241", "111222", "111063"),
        ({"score": None}, "111245", "111224", "111025"),
    ],
    ids=["marks", "none", "not scored"],
)
def test_each_outcome_says_what_it_is(facts: dict[str, Any], summary: str, detections: str, container: str) -> None:
    document = written(reported_exam(**facts))
    assert value(child(document, "111017")) == summary
    assert value(child(document, "111064")) == detections
    (performed,) = children(child(document, "111064", container), "111022")
    looked_at = {image_at(document, item) for item in performed.ContentSequence if "ValueType" not in item}
    assert looked_at == {uid("image", 1, view) for view in View}


def test_a_mark_lies_on_the_spot_of_its_own_image(report: Dataset) -> None:
    findings = children(child(report, "111017", "111034"), "111059")
    assert len(findings) == 2
    for found, view in zip(findings, (View.LCC, View.LMLO), strict=True):
        center = child(found, "111010")
        assert list(center.GraphicData) == pytest.approx([SPOT_COLUMN, SPOT_ROW], abs=0.01)
        for place in (center, child(found, "111041")):
            (selected,) = place.ContentSequence
            assert selected.RelationshipType == "SELECTED FROM"
            assert image_at(report, selected) == uid("image", 1, view)


def test_the_outline_is_a_closed_line_of_pairs(report: Dataset) -> None:
    data = list(child(children(child(report, "111017", "111034"), "111059")[0], "111041").GraphicData)
    assert data[:2] == data[-2:]
    assert len(data) % 2 == 0


def test_sides_in_the_library_are_those_of_the_views(report: Dataset) -> None:
    sides = [value(child(item, "111027")) for item in child(report, "111028").ContentSequence]
    assert sides == ["73056007", "80248007", "73056007", "80248007"]
    spacings = [child(item, "111026").MeasuredValueSequence[0] for item in child(report, "111028").ContentSequence]
    assert {(float(each.NumericValue), each.MeasurementUnitsCodeSequence[0].CodeValue) for each in spacings} == {
        (400.0, "um")
    }


@pytest.mark.parametrize("facts", [{}, {"marks": {}}, {"score": None, "model": False}])
def test_the_notice_and_the_reason_stand_in_every_report(facts: dict[str, Any]) -> None:
    exam = reported_exam(**facts)
    danish = child(written(exam), "111017", "111033").TextValue
    assert danish.startswith("Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør. ")
    english = child(written(exam, Language.ENGLISH), "111017", "111033").TextValue
    assert english.startswith(BANNER)
    assert ("10 of 10" in english) == (exam.result["score"] is not None)
    assert ("Not scored" in english) == (exam.result["score"] is None)


def test_no_number_claims_to_be_a_probability(report: Dataset) -> None:
    assert not {"111047", "111012", "111013"} & {name(item) for item in everything(report)}


def test_the_model_and_the_policy_can_be_traced(report: Dataset) -> None:
    (equipment,) = report.ContributingEquipmentSequence
    assert equipment.ManufacturerModelName == "mammography-triage"
    assert list(equipment.SoftwareVersions) == ["7", DIGEST.removeprefix("sha256:")]
    assert POLICY in equipment.ContributionDescription
    assert "Ikke medicinsk udstyr" in equipment.ContributionDescription
    texts = {item.TextValue for item in everything(report) if item.get("ValueType") == "TEXT"}
    assert {"mammography-triage", "7", f"model {DIGEST}", f"policy {POLICY}"} <= texts


def test_the_evidence_is_every_image_once(report: Dataset) -> None:
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == uid("study", 1)
    (series,) = study.ReferencedSeriesSequence
    named = [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
    assert sorted(named) == sorted(uid("image", 1, view) for view in View)


def test_marks_of_an_exam_that_was_not_scored_are_nobodys_result() -> None:
    document = written(reported_exam(None, marks={View.RCC: [SPOT]}))
    assert not [item for item in everything(document) if item.get("ValueType") == "SCOORD"]


def test_nobody_has_verified_it(report: Dataset) -> None:
    flags: dict[str, Any] = {"CompletionFlag": "COMPLETE", "VerificationFlag": "UNVERIFIED"}
    assert {keyword: report[keyword].value for keyword in flags} == flags
    assert "VerifyingObserverSequence" not in report
