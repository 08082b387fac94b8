"""The images that a structured report rests on: Current Requested Procedure Evidence Sequence (0040,A375)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pydicom import Dataset

from samdrift_mammography.results.source_image import SourceImage


def evidence(images: Iterable[SourceImage]) -> list[Dataset]:
    """One item for each study, with its series and in them the images (PS3.3 section C.17.2 and Table C.17-3b).

    Viewers do not open a report without it. Films of CBIS-DDSM have a study each, so there are several items.
    """
    ordered = sorted(images, key=_series)
    studies = []
    for study_instance_uid, of_study in groupby(ordered, key=lambda image: image.study_instance_uid):
        study = Dataset()
        study.StudyInstanceUID = study_instance_uid
        study.ReferencedSeriesSequence = referenced_series(of_study)
        studies.append(study)
    return studies


def referenced_series(images: Iterable[SourceImage]) -> list[Dataset]:
    """One item for each series of `images`, which are of one study."""
    found = []
    ordered = sorted(images, key=_series)
    for series_instance_uid, of_series in groupby(ordered, key=lambda image: image.series_instance_uid):
        series = Dataset()
        series.SeriesInstanceUID = series_instance_uid
        series.ReferencedSOPSequence = [referenced(image) for image in of_series]
        found.append(series)
    return found


def referenced(image: SourceImage) -> Dataset:
    """The image as an item of a sequence that refers to instances."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class_uid, image.sop_instance_uid
    return item


def _series(image: SourceImage) -> tuple[str, str]:
    return image.study_instance_uid, image.series_instance_uid
