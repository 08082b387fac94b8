"""A Grayscale Softcopy Presentation State (PS3.3 section A.33.1): the marks as graphics over the images themselves.

One state for the marked images of an exam. By plain pydicom: highdicom gives all images the displayed area of the
first, and mammograms of one exam differ in size.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage

from samdrift_mammography.part10 import text_of, values_of
from samdrift_mammography.results.evidence import referenced, referenced_series
from samdrift_mammography.results.finding import Finding
from samdrift_mammography.results.heading import heading
from samdrift_mammography.results.report import Report
from samdrift_mammography.results.source_image import SourceImage

KIND = "presentation-state"
SERIES_NUMBER = 9504
LAYER = "MARKS"
#: Of a text in the upper left corner of the display: its lower right corner, as fractions of the displayed area.
_BANNER_REACH = [1.0, 0.06]


def presentation_state(report: Report) -> Dataset | None:
    """The marks over their images; None without marks, or when one state cannot be true for all marked images.

    It cannot when they are of several studies (films of CBIS-DDSM), or are turned into grey in different ways before
    the window: a state has one study and one Modality LUT.
    """
    images = list({found.image.sop_instance_uid: found.image for found in report.findings}.values())
    if not images or not _alike(images):
        return None
    document = heading(
        report,
        sop_class_uid=GrayscaleSoftcopyPresentationStateStorage,
        modality="PR",
        kind=KIND,
        series_number=SERIES_NUMBER,
    )
    del document.ContentDate, document.ContentTime  # not of this IOD; it has a date of creation
    document.Laterality = _side(images)
    document.update(_identification(report))
    document.ReferencedSeriesSequence = _as_images(referenced_series(images))
    document.DisplayedAreaSelectionSequence = [_displayed_area(image) for image in images]
    document.GraphicAnnotationSequence = [_annotation(report, image) for image in images]
    document.GraphicLayerSequence = [_layer(report)]
    document.update(_grey(images))
    return document


def _alike(images: Sequence[SourceImage]) -> bool:
    facts = {(image.study_instance_uid, *_before_the_window(image)) for image in images}
    return len(facts) == 1 and not any(image.header.get("ModalityLUTSequence") for image in images)


def _before_the_window(image: SourceImage) -> tuple[object, ...]:
    numbers = [_decimal(image, keyword) for keyword in ("RescaleSlope", "RescaleIntercept")]
    return (*numbers, text_of(image.header, "RescaleType"), text_of(image.header, "PhotometricInterpretation"))


def _decimal(image: SourceImage, keyword: str) -> float | None:
    """An element's number; "1" and "1.0" are one. None when it is missing or no number."""
    try:
        return float(text_of(image.header, keyword))
    except ValueError:
        return None


def _side(images: Sequence[SourceImage]) -> str:
    """The breast, when all images are of one: Laterality (0020,0060) of the series; else empty."""
    sides = {str(image.view.laterality) if image.view else "" for image in images}
    return sides.pop() if len(sides) == 1 else ""


def _identification(report: Report) -> Dataset:
    """Presentation State Identification module (PS3.3 section C.11.10). No person made it."""
    state = Dataset()
    state.ContentLabel = "AI MARKS"
    state.ContentDescription = report.wording.series(KIND)
    state.ContentCreatorName = ""
    state.PresentationCreationDate = report.received_at.strftime("%Y%m%d")
    state.PresentationCreationTime = report.received_at.strftime("%H%M%S")
    return state


def _as_images(series: list[Dataset]) -> list[Dataset]:
    """The same references under the name that a presentation state has for them (section C.11.11)."""
    for item in series:
        item.ReferencedImageSequence = item.ReferencedSOPSequence
        del item.ReferencedSOPSequence
    return series


def _displayed_area(image: SourceImage) -> Dataset:
    """The whole image (section C.10.4); pixels are counted from 1 here."""
    area = Dataset()
    area.ReferencedImageSequence = [referenced(image)]
    area.DisplayedAreaTopLeftHandCorner = [1, 1]
    area.DisplayedAreaBottomRightHandCorner = [image.columns, image.rows]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelAspectRatio = [1, 1]
    return area


def _annotation(report: Report, image: SourceImage) -> Dataset:
    """Graphic Annotation module (section C.10.5) for one image: a circle for each mark, and the notice."""
    marks = [found for found in report.findings if found.image.sop_instance_uid == image.sop_instance_uid]
    annotation = Dataset()
    annotation.ReferencedImageSequence = [referenced(image)]
    annotation.GraphicLayer = LAYER
    annotation.TextObjectSequence = [_notice(report), *(_number(found) for found in marks)]
    annotation.GraphicObjectSequence = [_circle(report, found) for found in marks]
    return annotation


def _circle(report: Report, found: Finding) -> Dataset:
    circle = Dataset()
    circle.GraphicAnnotationUnits, circle.GraphicDimensions = "PIXEL", 2
    circle.NumberOfGraphicPoints, circle.GraphicType, circle.GraphicFilled = 2, "CIRCLE", "N"
    circle.GraphicData = [found.column, found.row, *found.rim()]
    circle.TrackingID, circle.TrackingUID = f"mark {found.number}", report.tracking_uid(found)
    return circle


def _number(found: Finding) -> Dataset:
    written = Dataset()
    written.AnchorPointAnnotationUnits = "PIXEL"
    written.AnchorPoint = list(found.rim())
    written.AnchorPointVisibility = "N"
    written.UnformattedTextValue = str(found.number)
    return written


def _notice(report: Report) -> Dataset:
    written = Dataset()
    written.BoundingBoxAnnotationUnits = "DISPLAY"
    written.BoundingBoxTopLeftHandCorner = [0.0, 0.0]
    written.BoundingBoxBottomRightHandCorner = _BANNER_REACH
    written.BoundingBoxTextHorizontalJustification = "LEFT"
    written.UnformattedTextValue = f"{report.wording.banner()}\r\n{report.wording.summary(report.result)}"
    return written


def _layer(report: Report) -> Dataset:
    """Graphic Layer module (section C.10.7)."""
    layer = Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder = LAYER, 1
    layer.GraphicLayerDescription = report.wording.series(KIND)
    return layer


def _grey(images: Sequence[SourceImage]) -> Dataset:
    """From stored values to grey as the images' own headers say (sections C.11.1, C.11.8 and C.11.6)."""
    grey = Dataset()
    first = images[0]
    if (slope := _decimal(first, "RescaleSlope")) is not None:
        grey.RescaleSlope, grey.RescaleIntercept = slope, _decimal(first, "RescaleIntercept") or 0.0
        grey.RescaleType = text_of(first.header, "RescaleType") or "US"
    windows = [window for window in map(_window, images) if window is not None]
    if windows:
        grey.SoftcopyVOILUTSequence = windows
    is_inverse = text_of(first.header, "PhotometricInterpretation") == "MONOCHROME1"
    grey.PresentationLUTShape = "INVERSE" if is_inverse else "IDENTITY"
    return grey


def _window(image: SourceImage) -> Dataset | None:
    """The image's first window or table, for that image alone; None when it has none."""
    window = Dataset()
    window.ReferencedImageSequence = [referenced(image)]
    if image.header.get("VOILUTSequence"):
        window.VOILUTSequence = [image.header.VOILUTSequence[0]]
        return window
    centers, widths = values_of(image.header, "WindowCenter"), values_of(image.header, "WindowWidth")
    if not centers or not widths:
        return None
    window.WindowCenter, window.WindowWidth = centers[0], widths[0]
    if function := text_of(image.header, "VOILUTFunction"):
        window.VOILUTFunction = function
    return window
