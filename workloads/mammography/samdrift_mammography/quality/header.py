"""What an image's header says about whether it can be scored, and what else in it a person should know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from samdrift_mammography.part10 import MOST_PIXELS, Parsed, items_of, number_of, text_of, values_of
from samdrift_mammography.quality.age import is_odd
from samdrift_mammography.quality.size import size_code
from samdrift_mammography.sop_classes import FOR_PROCESSING, MULTI_FRAME

if TYPE_CHECKING:
    from pydicom import Dataset

#: An image that is enlarged more than this is a magnification view; contact views have 1.0 to 1.1.
MOST_MAGNIFICATION = 1.25
#: Modifiers of CID 4015 that are told of breasts with an implant: SNOMED CT, and SNOMED RT as older systems write it.
_IMPLANT_MODIFIERS = {"399209000", "R-102D5"}
_LOSSY = {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91)}


def problems(parsed: Parsed) -> Iterator[str]:
    """Why the image cannot be scored, as codes of `reasons.IMAGE_PROBLEMS`; nothing when it can."""
    image = parsed.image
    kind = text_of(image, "SOPClassUID")
    if kind in MULTI_FRAME:
        yield "tomosynthesis"
    if kind == FOR_PROCESSING or text_of(image, "PresentationIntentType") == "FOR PROCESSING":
        yield "for-processing"
    if text_of(image, "BreastImplantPresent") == "YES" or _modifiers(image) & _IMPLANT_MODIFIERS:
        yield "implant"
    if text_of(image, "PartialView") == "YES" or items_of(image, "PartialViewCodeSequence"):
        yield "partial-view"
    if _is_modified(image):
        yield "modified-view"
    if text_of(image, "NumberOfFrames") not in {"", "1"} or number_of(image, "SamplesPerPixel", 1) != 1:
        yield "not-one-grey-frame"
    elif not 0 < number_of(image, "Rows") * number_of(image, "Columns") <= MOST_PIXELS:
        yield "unusable-size"
    elif size_code(parsed) == "size-disagrees":
        yield "size-disagrees"


def findings(parsed: Parsed) -> Iterator[str]:
    """What a person should know although it forbids nothing, as codes of `reasons.IMAGE_FINDINGS`."""
    image = parsed.image
    if parsed.without_file_meta:
        yield "no-file-meta"
    if not text_of(image, "Modality"):
        yield "no-modality"
    if not text_of(image, "PatientID"):
        yield "no-patient-id"
    if is_odd(text_of(image, "PatientAge")):
        yield "odd-age"
    if not _character_sets_are_known(image):
        yield "odd-character-set"
    if text_of(image, "BurnedInAnnotation") == "YES":
        yield "burned-in-text"
    if len(values_of(image, "WindowCenter")) > 1 or len(items_of(image, "VOILUTSequence")) > 1:
        yield "several-windows"
    if _is_lossy(image):
        yield "lossy"
    if size_code(parsed) == "padded-pixels":
        yield "padded-pixels"


def _modifiers(image: Dataset) -> set[str]:
    found = set()
    for view in items_of(image, "ViewCodeSequence"):
        found |= {text_of(code, "CodeValue") for code in items_of(view, "ViewModifierCodeSequence")}
    return found


def _is_modified(image: Dataset) -> bool:
    magnification = image.get("EstimatedRadiographicMagnificationFactor")
    enlarged = isinstance(magnification, float) and magnification > MOST_MAGNIFICATION
    return enlarged or bool(_modifiers(image))


def _is_lossy(image: Dataset) -> bool:
    """JPEG 2000 may be without loss in the syntax for both; then only the header knows (PS3.3 section C.7.6.1.1.5)."""
    told = text_of(image, "LossyImageCompression")
    return told == "01" or (told != "00" and image.file_meta.TransferSyntaxUID in _LOSSY)


def _character_sets_are_known(image: Dataset) -> bool:
    from pydicom.charset import python_encoding

    return set(values_of(image, "SpecificCharacterSet")) <= set(python_encoding)
