"""The Comprehensive SR (PS3.3 section A.35.3) of an exam: PS3.16 TID 1500, which viewers such as OHIF open.

Made of highdicom's parts: a measurement group for each mark with its circle (row 6), and score, reading, density and
the result in words as Qualitative Evaluations (row 12). highdicom's MeasurementReport itself wants a measurement group
in every report; an exam without marks has none, and OHIF cannot open a group that has no place in an image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
from highdicom import sr
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage

from samdrift_mammography.results import codes
from samdrift_mammography.results.finding import Finding
from samdrift_mammography.results.heading import MANUFACTURER, MODEL_NAME, serial_number
from samdrift_mammography.results.report import Report
from samdrift_mammography.results.structured_report import structured_report

KIND = "comprehensive-sr"
SERIES_NUMBER = 9502


def comprehensive_sr(report: Report) -> Dataset:
    """The report as a Comprehensive SR."""
    document = structured_report(
        report, _tree(report), sop_class_uid=ComprehensiveSRStorage, kind=KIND, series_number=SERIES_NUMBER
    )
    document.CodingSchemeIdentificationSequence = [_own_scheme()]
    return document


def _tree(report: Report) -> Dataset:
    """TID 1500."""
    language = sr.CodedConcept.from_code(codes.LANGUAGES[report.wording.language])
    root = sr.ContainerContentItem(name=codes.IMAGING_MEASUREMENT_REPORT, template_id="1500")
    root.ContentSequence = sr.ContentSequence(
        [
            *sr.LanguageOfContentItemAndDescendants(language),
            *_observer(report),
            _code(codes.PROCEDURE_REPORTED, codes.IMAGING_PROCEDURE, "HAS CONCEPT MOD"),
            *_measurements(report),
            _evaluations(report),
        ]
    )
    return cast(Dataset, root)


def _observer(report: Report) -> sr.ObservationContext:
    """TID 1004: the model is the observer, no person is."""
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=report.device_uid,
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=MODEL_NAME,
        serial_number=serial_number(report),
    )
    kind = sr.CodedConcept("121007", "DCM", "Device")
    return sr.ObservationContext(
        observer_device_context=sr.ObserverContext(observer_type=kind, observer_identifying_attributes=device)
    )


def _measurements(report: Report) -> Iterator[sr.ContainerContentItem]:
    """Row 6, only where there are marks."""
    if report.findings:
        groups = [item for found in report.findings for item in _mark(report, found)]
        yield _container(codes.IMAGING_MEASUREMENTS, groups)


def _mark(report: Report, found: Finding) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """TID 1410: a circle by its centre and a point on its rim."""
    source = sr.SourceImageForRegion(found.image.sop_class_uid, found.image.sop_instance_uid)
    points = np.array([(found.column, found.row), found.rim()])
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=report.tracking_uid(found), identifier=f"mark {found.number}"),
        referenced_region=sr.ImageRegion(graphic_type="CIRCLE", graphic_data=points, source_image=source),
        finding_type=codes.LESION,
        algorithm_id=_algorithm(report),
        finding_sites=[_site(found)],
    )


def _site(found: Finding) -> sr.FindingSite:
    side = codes.SIDES[found.image.view.laterality] if found.image.view else None
    return sr.FindingSite(anatomic_location=codes.BREAST, laterality=side)


def _algorithm(report: Report) -> sr.AlgorithmIdentification:
    """TID 4019."""
    name, version = report.algorithm
    return sr.AlgorithmIdentification(name=name, version=version, parameters=report.parameters)


def _evaluations(report: Report) -> sr.ContainerContentItem:
    """Rows 12 to 14: what is known of the exam as codes, and each sentence of the result as a comment."""
    comments = [
        sr.TextContentItem(name=codes.COMMENT, value=said, relationship_type="CONTAINS") for said in report.sentences()
    ]
    return _container(codes.QUALITATIVE_EVALUATIONS, [*_known(report), *comments])


def _known(report: Report) -> Iterator[sr.CodeContentItem]:
    result = report.result
    if report.scored:
        yield _code(codes.SUSPICION_SCORE, codes.SCORES[result["score"]])
    yield _code(codes.READING, codes.READINGS[result["reading"]])
    if result["density"]:
        yield _code(codes.COMPOSITION, codes.COMPOSITIONS[result["density"]["class"]])


def _code(name: Code, value: Code, relationship: str = "CONTAINS") -> sr.CodeContentItem:
    return sr.CodeContentItem(name=name, value=value, relationship_type=relationship)


def _container(name: Code, content: Sequence[sr.ContentItem]) -> sr.ContainerContentItem:
    container = sr.ContainerContentItem(name=name, relationship_type="CONTAINS")
    container.ContentSequence = sr.ContentSequence(content)
    return container


def _own_scheme() -> Dataset:
    """Who is responsible for our codes (PS3.3 section C.12.1.1.11)."""
    scheme = Dataset()
    scheme.CodingSchemeDesignator = codes.OWN_SCHEME
    scheme.CodingSchemeName = "Samdrift"
    scheme.CodingSchemeResponsibleOrganization = "Samdrift"
    return scheme
