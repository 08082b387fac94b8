"""Score, reading, density and the places of the score, as Observations that no person has verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samdrift_mammography.policy import HIGHEST_SCORE, LOWEST_SCORE
from samdrift_mammography.results import codes
from samdrift_mammography.results.fhir.coding import UCUM, concept, of, uid_identifier
from samdrift_mammography.results.finding import Finding
from samdrift_mammography.results.report import Report

_CATEGORY = of("http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")
_ABSENT = of("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed", "Not Performed")

Reference = Mapping[str, str]


def score(report: Report, subject: Reference, studies: Sequence[Reference], device: Reference | None) -> dict[str, Any]:
    """The exam's place in the reference population, 1 to 10; without one, that no score was made."""
    found = _observation(report, subject, device) | {
        "code": concept(codes.SUSPICION_SCORE),
        "derivedFrom": [dict(study) for study in studies],
        "referenceRange": [{"text": f"{LOWEST_SCORE} to {HIGHEST_SCORE}"}],
    }
    value = report.result["score"]
    return found | ({"dataAbsentReason": _ABSENT} if value is None else {"valueInteger": int(value)})


def reading(report: Report, subject: Reference, studies: Sequence[Reference]) -> dict[str, Any]:
    """Who reads the exam, as the policy decided."""
    return _observation(report, subject, None) | {
        "code": concept(codes.READING),
        "derivedFrom": [dict(study) for study in studies],
        "valueCodeableConcept": concept(codes.READINGS[report.result["reading"]]),
    }


def density(report: Report, subject: Reference, studies: Sequence[Reference]) -> dict[str, Any] | None:
    """The breasts' composition as a model estimated it; None: it is not known."""
    estimated = report.result["density"]
    if not estimated:
        return None
    return _observation(report, subject, None) | {
        "code": concept(codes.COMPOSITION),
        "derivedFrom": [dict(study) for study in studies],
        "valueCodeableConcept": concept(codes.COMPOSITIONS[estimated["class"]]),
    }


def mark(report: Report, marked: Finding, subject: Reference, device: Reference | None) -> dict[str, Any]:
    """A circle in one image; in the pixels of that image, the top left corner of the first pixel being 0, 0."""
    found = _observation(report, subject, device) | {
        "identifier": [uid_identifier(report.tracking_uid(marked))],
        "code": concept(codes.LESION),
        "derivedFrom": [{"type": "ImagingStudy", "identifier": uid_identifier(marked.image.sop_instance_uid)}],
        "component": [
            _pixels("column of the centre", marked.column),
            _pixels("row of the centre", marked.row),
            _pixels("radius", marked.radius),
        ],
    }
    view = marked.image.view
    return found | ({"bodySite": concept(codes.BREASTS[view.laterality])} if view else {})


def _observation(report: Report, subject: Reference, device: Reference | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_CATEGORY],
        "subject": dict(subject),
        "effectiveDateTime": report.received_at.isoformat(),
        "method": {"text": f"policy {report.result['policy']}"},
        "note": [{"text": report.wording.banner()}],
    }
    return found | ({"device": dict(device)} if device else {})


def _pixels(name: str, value: float) -> dict[str, Any]:
    quantity = {"value": value, "unit": "pixels", "system": UCUM, "code": "{pixels}"}
    return {"code": {"text": name}, "valueQuantity": quantity}
