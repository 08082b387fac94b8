"""Why an exam is read as it is, and why a file is refused: codes for programs, sentences for people.

The pages' template `parts.html` has the same sentences for translation. `%(name)s` is filled from the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BANNER = "Research demonstrator. Not a medical device. A radiologist decides."

#: Code -> sentence, for exams.
SENTENCES: Mapping[str, str] = {
    "low-score": "The score is %(score)s of 10, at most %(single_reading_up_to)s: one radiologist reads.",
    "score": "The score is %(score)s of 10, above %(single_reading_up_to)s: two radiologists read.",
    "high-score": "The score is %(score)s of 10, at least %(priority_from)s: two radiologists read, before the others.",
    "density": "The score is %(score)s of 10, but the breast tissue is of class %(density_class)s: "
    "two radiologists read.",
    "density-unknown": "The score is %(score)s of 10, but the density of the tissue is not known: "
    "two radiologists read.",
    "prior-recall": "The score is %(score)s of 10, but the woman was recalled within the last "
    "%(double_read_after_recall_months)s months: two radiologists read.",
    "audit-read": "The score is %(score)s of 10, but the exam was drawn at random to check single reading: "
    "two radiologists read.",
    "missing-views": "Not scored, because standard views are missing: %(missing)s. Two radiologists read.",
    "conflicting-copies": "Not scored, because two different images carry the same identifier. Two radiologists read.",
    "several-patients": "Not scored, because the images carry different patient numbers. Two radiologists read.",
    "implant": "Not scored, because of an implant. Two radiologists read.",
    "partial-view": "Not scored, because a view shows only a part of the breast. Two radiologists read.",
    "undecodable": "Not scored, because the pixels of a view cannot be decoded. Two radiologists read.",
    "no-breast": "Not scored, because no breast was found in a view. Two radiologists read.",
    "side-disagrees": "Not scored, because a view's header tells another side than its pixels. Two radiologists read.",
    "size-disagrees": "Not scored, because a view has other pixels than its header says. Two radiologists read.",
    "unusable-window": "Not scored, because a view's window shows nothing of the image. Two radiologists read.",
    "stopped": "Not scored, because scoring is stopped. Two radiologists read.",
    "objected": "Not scored: the woman has objected to automated processing. Two radiologists read.",
    "no-automated-scoring": "Not scored. Two radiologists read.",
}

#: Code -> sentence, for single images that are kept for the readers but not scored.
IMAGE_PROBLEMS: Mapping[str, str] = {
    "for-processing": "The image is raw (FOR PROCESSING), not for presentation.",
    "implant": "The header says that there is an implant.",
    "partial-view": "The header says that the view shows only a part of the breast.",
    "modified-view": "The view is modified (spot compression, magnification or the like).",
    "not-one-grey-frame": "The image has several frames or colours.",
    "unusable-size": "The header gives the image no size, or one that no detector has.",
    "not-standard-view": "The image is not one of RCC, LCC, RMLO and LMLO, or its header does not say which.",
    "undecodable": "The pixels cannot be decoded.",
    "no-breast": "No breast was found in the image.",
    "tomosynthesis": "The image is tomosynthesis or another multi-frame object; it is kept for the readers.",
    "size-disagrees": "The pixels are not as many as the header says.",
    "side-disagrees": "The header tells another side than the pixels show.",
    "unusable-window": "The window in the header shows nothing of the image.",
    "repeated-view": "The view was taken more than once; another image of it is scored.",
}

#: Those of them that only the pixels tell. They are reasons of the exam as well.
PIXEL_PROBLEMS = ("undecodable", "unusable-window", "no-breast", "side-disagrees")

#: Code -> sentence, for what a person should know of an image although it forbids nothing.
IMAGE_FINDINGS: Mapping[str, str] = {
    "no-file-meta": "The file lacks its file meta information; its encoding was concluded from its content.",
    "no-modality": "The header names no modality; the kind of image is known from its SOP class.",
    "no-patient-id": "The header has no patient ID.",
    "odd-age": "The age is written in an unusual way.",
    "odd-character-set": "The header names a character set that DICOM does not know; texts may be wrong.",
    "burned-in-text": "Text may be burned into the image, outside the breast.",
    "several-windows": "The header has several windows; the first one is used.",
    "lossy": "The image was compressed with loss.",
    "padded-pixels": "Empty bytes follow the pixels; they were left out.",
    "view-from-orientation": "Side or projection is known from the patient orientation alone.",
}

#: Code -> sentence, for files that no exam could be made of.
REJECTIONS: Mapping[str, str] = {
    "empty": "The file has 0 bytes. Send it again from the source.",
    "not-dicom": "The file is not DICOM. Send the image as a DICOM Part 10 file.",
    "damaged": "The file is damaged and cannot be read. Send it again from the source.",
    "truncated": "The file is incomplete: image data are missing. Send it again from the source.",
    "no-identifier": "The identifier of the image or its study is missing or invalid. Correct it and send it again.",
    "not-a-mammogram": "The image is not a mammogram of its own. Send digital mammograms or digitised film.",
    "too-complex": "The file holds far more than a mammogram does. Check the system that wrote it.",
}


def sentence(code: str, values: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """The sentence of an exam's reason, filled from `values`; English, unless `translate` gives another one."""
    density = values.get("density") or {"class": None}
    shown = {**values, "missing": ", ".join(values.get("missing", ())), "density_class": density["class"]}
    return translate(SENTENCES[code]) % shown
