"""The Comprehensive SR (PS3.3 section A.35.3) of an exam: PS3.16 TID 1500, which viewers such as OHIF open.

Its tree is highdicom's: one group for the exam with the score and the images it rests on, one for each mark with its
circle. The result in words stands in Qualitative Evaluations (rows 12 and 14).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from highdicom import sr
from pydicom import Dataset
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
    language = sr.CodedConcept.from_code(codes.LANGUAGES[report.wording.language])
    content = sr.MeasurementReport(
        observation_context=_observer(report),
        procedure_reported=codes.IMAGING_PROCEDURE,
        imaging_measurements=[_exam(report), *(_mark(report, found) for found in report.findings)],
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(language),
    )
    tree: Dataset = content[0]
    tree.ContentSequence.append(_words(report))
    document = structured_report(
        report, tree, sop_class_uid=ComprehensiveSRStorage, kind=KIND, series_number=SERIES_NUMBER
    )
    document.CodingSchemeIdentificationSequence = [_own_scheme()]
    return document


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


def _exam(report: Report) -> sr.MeasurementsAndQualitativeEvaluations:
    """TID 1501: the score of the exam, if it has one, and the images."""
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=report.uid("exam"), identifier="exam"),
        algorithm_id=_algorithm(report),
        measurements=list(_score(report)),
        source_images=[
            sr.SourceImageForMeasurementGroup(image.sop_class_uid, image.sop_instance_uid) for image in report.images
        ],
    )


def _score(report: Report) -> Iterator[sr.Measurement]:
    if report.scored:
        yield sr.Measurement(name=codes.SUSPICION_SCORE, value=report.result["score"], unit=codes.NO_UNITS)


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


def _words(report: Report) -> sr.ContainerContentItem:
    """Rows 12 to 14: the density if it is known, and each sentence of the result as a comment."""
    words = sr.ContainerContentItem(name=codes.QUALITATIVE_EVALUATIONS, relationship_type="CONTAINS")
    comments = [
        sr.TextContentItem(name=codes.COMMENT, value=said, relationship_type="CONTAINS") for said in report.sentences()
    ]
    words.ContentSequence = sr.ContentSequence([*_density(report), *comments])
    return words


def _density(report: Report) -> Iterator[sr.CodeContentItem]:
    if density := report.result["density"]:
        composition = codes.COMPOSITIONS[density["class"]]
        yield sr.CodeContentItem(name=codes.COMPOSITION, value=composition, relationship_type="CONTAINS")


def _own_scheme() -> Dataset:
    """Who is responsible for our codes (PS3.3 section C.12.1.1.11)."""
    scheme = Dataset()
    scheme.CodingSchemeDesignator = codes.OWN_SCHEME
    scheme.CodingSchemeName = "Samdrift"
    scheme.CodingSchemeResponsibleOrganization = "Samdrift"
    return scheme
