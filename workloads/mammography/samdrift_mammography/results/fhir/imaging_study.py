"""The images that a result rests on, one ImagingStudy for each study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samdrift_mammography.results import codes
from samdrift_mammography.results.fhir.coding import DICOM, coding, concept, uid_identifier
from samdrift_mammography.results.source_image import SourceImage

_URI = "urn:ietf:rfc:3986"


def imaging_studies(images: Sequence[SourceImage], subject: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The studies of `images`, in the order of their first image."""
    for uid in dict.fromkeys(image.study_instance_uid for image in images):
        yield _study([image for image in images if image.study_instance_uid == uid], subject)


def _study(images: Sequence[SourceImage], subject: Mapping[str, str]) -> dict[str, Any]:
    series = list(dict.fromkeys(image.series_instance_uid for image in images))
    found = {
        "resourceType": "ImagingStudy",
        "identifier": [uid_identifier(images[0].study_instance_uid)],
        "status": "available",
        "modality": [coding(DICOM, "MG", "Mammography")],
        "subject": dict(subject),
        "numberOfSeries": len(series),
        "numberOfInstances": len(images),
        "series": [_series([image for image in images if image.series_instance_uid == uid]) for uid in series],
    }
    date = str(images[0].heading.StudyDate or "")
    return found | ({"started": f"{date[:4]}-{date[4:6]}-{date[6:]}"} if len(date) == 8 else {})


def _series(images: Sequence[SourceImage]) -> dict[str, Any]:
    sides = {image.view.laterality for image in images if image.view}
    found = {
        "uid": images[0].series_instance_uid,
        "modality": coding(DICOM, "MG", "Mammography"),
        "numberOfInstances": len(images),
        "bodySite": concept(codes.BREAST)["coding"][0],
        "instance": [_instance(image) for image in images],
    }
    if len(sides) == 1:
        (side,) = sides
        found["laterality"] = concept(codes.SIDES[side])["coding"][0]
    return found


def _instance(image: SourceImage) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uid": image.sop_instance_uid,
        "sopClass": {"system": _URI, "code": f"urn:oid:{image.sop_class_uid}"},
    }
    return found | ({"title": str(image.view)} if image.view else {})
