"""What both structured reports have around their content tree (PS3.3 sections C.17.1 and C.17.2)."""

from __future__ import annotations

from pydicom import Dataset

from samdrift_mammography.results.evidence import evidence
from samdrift_mammography.results.heading import heading
from samdrift_mammography.results.report import Report


def structured_report(report: Report, tree: Dataset, *, sop_class_uid: str, kind: str, series_number: int) -> Dataset:
    """A report whose content is `tree`: complete as far as a machine can say, and verified by nobody."""
    document = heading(report, sop_class_uid=sop_class_uid, modality="SR", kind=kind, series_number=series_number)
    document.CompletionFlag, document.VerificationFlag = "COMPLETE", "UNVERIFIED"
    document.PreliminaryFlag = "PRELIMINARY"
    document.ReferencedPerformedProcedureStepSequence = []
    document.PerformedProcedureCodeSequence = []
    document.CurrentRequestedProcedureEvidenceSequence = evidence(report.images)
    document.update(tree)
    return document
