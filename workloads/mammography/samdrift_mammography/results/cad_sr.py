"""The Mammography CAD SR (PS3.3 section A.35.5, PS3.16 TID 4000): what mammography workstations show as CAD marks.

Three outcomes: marks, no marks, and an exam that could not be scored. A mark is said as TID 4006 says a mass. It has no
"probability of cancer": the score is a place among a reference population, not a probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import MammographyCADSRStorage

from samdrift_mammography.results import codes
from samdrift_mammography.results.content import (
    ContentItem,
    code,
    container,
    coordinates,
    dataset_of,
    date,
    image,
    number,
    reference,
    text,
    time,
    uid_reference,
)
from samdrift_mammography.results.finding import Finding
from samdrift_mammography.results.report import Report
from samdrift_mammography.results.source_image import SourceImage
from samdrift_mammography.results.structured_report import structured_report

KIND = "mammography-cad-sr"
SERIES_NUMBER = 9501


def cad_sr(report: Report) -> Dataset:
    """The report as a Mammography CAD SR."""
    tree = dataset_of(_tree(report))
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "4000"
    tree.ContentTemplateSequence = [template]
    return structured_report(
        report, tree, sop_class_uid=MammographyCADSRStorage, kind=KIND, series_number=SERIES_NUMBER
    )


def _tree(report: Report) -> ContentItem:
    """TID 4000."""
    library = [_library_entry(each) for each in report.images]
    shown = {each.sop_instance_uid: entry for each, entry in zip(report.images, library, strict=True)}
    return container(
        "",
        codes.MAMMOGRAPHY_CAD_REPORT,
        code("HAS CONCEPT MOD", codes.LANGUAGE, codes.LANGUAGES[report.wording.language]),
        container("CONTAINS", codes.IMAGE_LIBRARY, *library),
        _summary(report, shown),
        _detections(report, library),
        code("CONTAINS", codes.SUMMARY_OF_ANALYSES, codes.NOT_ATTEMPTED),
    )


def _library_entry(source: SourceImage) -> ContentItem:
    """TID 4020: what is known of the image, in the template's order."""
    context = [*_view(source), *_orientation(source), *_dates(source), *_spacing(source)]
    return image("CONTAINS", source.sop_class_uid, source.sop_instance_uid, *context)


def _view(source: SourceImage) -> Iterator[ContentItem]:
    if source.view:
        yield code("HAS ACQ CONTEXT", codes.IMAGE_LATERALITY, codes.BREASTS[source.view.laterality])
        yield code("HAS ACQ CONTEXT", codes.IMAGE_VIEW, codes.PROJECTIONS[source.view.projection])


def _orientation(source: SourceImage) -> Iterator[ContentItem]:
    if source.orientation:
        yield text("HAS ACQ CONTEXT", codes.PATIENT_ORIENTATION_ROW, source.orientation[0])
        yield text("HAS ACQ CONTEXT", codes.PATIENT_ORIENTATION_COLUMN, source.orientation[1])


def _dates(source: SourceImage) -> Iterator[ContentItem]:
    if source.heading.StudyDate:
        yield date("HAS ACQ CONTEXT", codes.STUDY_DATE, source.heading.StudyDate)
    if source.heading.StudyTime:
        yield time("HAS ACQ CONTEXT", codes.STUDY_TIME, source.heading.StudyTime)
    if source.content_date:
        yield date("HAS ACQ CONTEXT", codes.CONTENT_DATE, source.content_date)
    if source.content_time:
        yield time("HAS ACQ CONTEXT", codes.CONTENT_TIME, source.content_time)


def _spacing(source: SourceImage) -> Iterator[ContentItem]:
    """Between columns, then between rows."""
    if source.spacing_mm:
        rows_mm, columns_mm = source.spacing_mm
        for concept, spacing_mm in (
            (codes.HORIZONTAL_PIXEL_SPACING, columns_mm),
            (codes.VERTICAL_PIXEL_SPACING, rows_mm),
        ):
            yield number("HAS ACQ CONTEXT", concept, f"{spacing_mm * 1000:.6g}", codes.MICROMETER)


def _summary(report: Report, shown: dict[str, ContentItem]) -> ContentItem:
    """TID 4001: the outcome, the result in words (TID 4002), and the marks (TID 4003)."""
    words = text("HAS PROPERTIES", codes.IMPRESSION_DESCRIPTION, " ".join(report.sentences()))
    return code(
        "CONTAINS", codes.CAD_SUMMARY, _outcome(report), words, *_algorithm(report), *_impression(report, shown)
    )


def _outcome(report: Report) -> Code:
    if not report.scored:
        return codes.NONE_SUCCEEDED
    return codes.ALL_WITH_FINDINGS if report.findings else codes.ALL_WITHOUT_FINDINGS


def _impression(report: Report, shown: dict[str, ContentItem]) -> Iterator[ContentItem]:
    """TID 4003, only where there are marks."""
    if report.findings:
        yield container(
            "INFERRED FROM",
            codes.INDIVIDUAL_IMPRESSION,
            code("HAS CONCEPT MOD", codes.RENDERING_INTENT, codes.PRESENTATION_REQUIRED),
            *(_finding(report, found, shown[found.image.sop_instance_uid]) for found in report.findings),
        )


def _finding(report: Report, found: Finding, entry: ContentItem) -> ContentItem:
    """TID 4006 with TID 4021: a place, and the rim around it."""
    return code(
        "CONTAINS",
        codes.SINGLE_IMAGE_FINDING,
        codes.DENSITY,
        code("HAS CONCEPT MOD", codes.RENDERING_INTENT, codes.PRESENTATION_REQUIRED),
        uid_reference("HAS OBS CONTEXT", codes.TRACKING_UNIQUE_IDENTIFIER, report.tracking_uid(found)),
        *_algorithm(report),
        coordinates(codes.CENTER, "POINT", [(found.column, found.row)], entry),
        coordinates(codes.OUTLINE, "POLYLINE", found.outline(), entry),
    )


def _detections(report: Report, library: Sequence[ContentItem]) -> ContentItem:
    """TID 4015 with TID 4017: what was looked for, by what, in which images."""
    status, name = (
        (codes.SUCCEEDED, codes.SUCCESSFUL_DETECTIONS) if report.scored else (codes.FAILED, codes.FAILED_DETECTIONS)
    )
    images = (reference("HAS PROPERTIES", entry) for entry in library)
    performed = code("CONTAINS", codes.DETECTION_PERFORMED, codes.DENSITY, *_algorithm(report), *images)
    return code("CONTAINS", codes.SUMMARY_OF_DETECTIONS, status, container("INFERRED FROM", name, performed))


def _algorithm(report: Report) -> Iterator[ContentItem]:
    """TID 4019."""
    name, version = report.algorithm
    yield text("HAS PROPERTIES", codes.ALGORITHM_NAME, name)
    yield text("HAS PROPERTIES", codes.ALGORITHM_VERSION, version)
    for parameter in report.parameters:
        yield text("HAS PROPERTIES", codes.ALGORITHM_PARAMETERS, parameter)
