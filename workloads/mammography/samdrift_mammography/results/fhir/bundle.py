"""All resources of one exam's result in one Bundle, valid as HL7's R4B models read it.

The report is preliminary until a radiologist has read the exam, and stays so here: our result is never the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from samdrift_mammography.results.fhir import audit_event, imaging_study, observations, patient
from samdrift_mammography.results.fhir.audit_event import Access
from samdrift_mammography.results.fhir.coding import LOINC, of, uid_identifier
from samdrift_mammography.results.fhir.entries import Entries
from samdrift_mammography.results.heading import MANUFACTURER, MODEL_NAME
from samdrift_mammography.results.report import Report

MEDIA_TYPE = "application/fhir+json"

_BREAST_SCREENING = of(LOINC, "24606-6", "MG Breast Screening")
_RADIOLOGY = of("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")


def bundle(
    report: Report, *, item_id: UUID, issued_at: datetime, hidden: bool = False, access: Access | None = None
) -> str:
    """The bundle as JSON.

    Args:
        report: the exam's result.
        item_id: names the resources.
        issued_at: when the result was made.
        hidden: the policy hides the score from whoever asks: then the report says that it exists, and no more.
        access: who is given it, recorded in an AuditEvent; None: nobody.
    """
    from fhir.resources.R4B.bundle import Bundle

    entries = Entries(item_id=item_id)
    subject = entries.add("patient", patient.patient(report.primary.heading))
    studies = [
        entries.add(f"imaging-study/{number}", study)
        for number, study in enumerate(imaging_study.imaging_studies(report.images, subject), start=1)
    ]
    results = [] if hidden else _observed(report, entries, subject, studies)
    given = entries.add("diagnostic-report", _diagnostic_report(report, subject, studies, results, issued_at, hidden))
    if access:
        entries.add("audit-event", audit_event.audit_event(access, subject, given))
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries.entries}
    return str(Bundle.model_validate(whole).model_dump_json())


def _observed(
    report: Report, entries: Entries, subject: Mapping[str, str], studies: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    device = entries.add("device", _device(report)) if report.result["model"] else None
    exam = [
        entries.add("observation/score", observations.score(report, subject, studies, device)),
        entries.add("observation/reading", observations.reading(report, subject, studies)),
    ]
    if density := observations.density(report, subject, studies):
        exam.append(entries.add("observation/density", density))
    marks = [
        entries.add(f"observation/mark/{found.number}", observations.mark(report, found, subject, device))
        for found in report.findings
    ]
    return [*exam, *marks]


def _device(report: Report) -> dict[str, Any]:
    """The model that scored: what it is called, its version, and the digest of its content."""
    model = report.result["model"]
    return {
        "resourceType": "Device",
        "identifier": [uid_identifier(report.device_uid)],
        "manufacturer": MANUFACTURER,
        "deviceName": [
            {"name": MODEL_NAME, "type": "manufacturer-name"},
            {"name": str(model["name"]), "type": "model-name"},
        ],
        "version": [
            {"type": {"text": "version"}, "value": str(model["version"])},
            {"type": {"text": "digest"}, "value": str(model["digest"])},
        ],
        "note": [{"text": report.wording.banner()}],
    }


def _diagnostic_report(
    report: Report,
    subject: Mapping[str, str],
    studies: Sequence[Mapping[str, str]],
    results: Sequence[Mapping[str, str]],
    issued_at: datetime,
    hidden: bool,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "identifier": [uid_identifier(report.uid("diagnostic-report"))],
        "status": "registered" if hidden else "preliminary",
        "category": [_RADIOLOGY],
        "code": _BREAST_SCREENING,
        "subject": dict(subject),
        "effectiveDateTime": report.received_at.isoformat(),
        "issued": issued_at.isoformat(),
        "imagingStudy": [dict(study) for study in studies],
        "conclusion": report.wording.banner() if hidden else " ".join(report.sentences()),
    }
    return found | ({"result": [dict(each) for each in results]} if results else {})
