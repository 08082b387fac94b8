"""A Secondary Capture (PS3.3 section A.8.1) of a scored exam: what every viewer shows, also one that reads no SR.

One image for the exam, grey because mammography displays are, not compressed because every archive takes that. The
notice is burned into its pixels. It names no person, so nothing in it identifies one (Burned In Annotation NO).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from samdrift_mammography.results import codes
from samdrift_mammography.results.content import coded
from samdrift_mammography.results.evidence import referenced
from samdrift_mammography.results.heading import heading
from samdrift_mammography.results.mosaic import Panel, mosaic, panel
from samdrift_mammography.results.report import Report
from samdrift_mammography.results.source_image import SourceImage

KIND = "secondary-capture"
SERIES_NUMBER = 9503


def secondary_capture(report: Report) -> Dataset | None:
    """The report as a picture; None when there is none to show."""
    if not report.pictures:
        return None
    document = heading(
        report, sop_class_uid=SecondaryCaptureImageStorage, modality="OT", kind=KIND, series_number=SERIES_NUMBER
    )
    document.ConversionType = "WSD"
    document.update(_general_image(report))
    document.update(_pixels(report))
    return document


def _general_image(report: Report) -> Dataset:
    """General Image module (PS3.3 section C.7.6.1)."""
    image = Dataset()
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.PatientOrientation = ""
    image.BodyPartExamined = "BREAST"
    image.ImageLaterality = "B"
    image.BurnedInAnnotation = "NO"
    image.DerivationDescription = report.wording.say("Small pictures, not for diagnosis.")
    image.ImageComments = " ".join(report.sentences())
    image.SourceImageSequence = [_source(each) for each in report.images]
    return image


def _source(source: SourceImage) -> Dataset:
    item = referenced(source)
    item.PurposeOfReferenceCodeSequence = [coded(codes.SOURCE_IMAGE)]
    return item


def _pixels(report: Report) -> Dataset:
    """Image Pixel module (PS3.3 section C.7.6.3)."""
    grey = mosaic(list(_panels(report)), _lines(report))
    image = Dataset()
    image.Rows, image.Columns = grey.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    data = grey.tobytes()
    image.PixelData = data + b"\0" * (len(data) % 2)
    image["PixelData"].VR = "OB"
    return image


def _panels(report: Report) -> Iterator[Panel]:
    for source, png in report.pictures:
        if source.view:
            yield panel(source.view, png, (each for each in report.findings if each.image is source))


def _lines(report: Report) -> list[str]:
    wording = report.wording
    origin = f"{wording.say('Small pictures, not for diagnosis.')} {' '.join(report.algorithm)}"
    return [wording.banner(), wording.summary(report.result), origin]
