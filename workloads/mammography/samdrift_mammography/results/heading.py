"""The attributes around a document's content, alike in all of them: patient, study, series, equipment, dates."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.metadata import version

from pydicom import Dataset

from samdrift_mammography.results import codes
from samdrift_mammography.results.content import coded
from samdrift_mammography.results.report import Report

MANUFACTURER = "Samdrift"
MODEL_NAME = "samdrift_mammography"
#: Unicode in UTF-8 (PS3.3 section C.12.1.1.2): Danish letters and every other name.
CHARACTER_SET = "ISO_IR 192"
#: Longest value of the VR LO (PS3.5 section 6.2).
LONGEST_LO = 64


def heading(report: Report, *, sop_class_uid: str, modality: str, kind: str, series_number: int) -> Dataset:
    """Patient, General Study, General Series, General Equipment and SOP Common modules (PS3.3 section C.7, C.12).

    Patient and study are those of the report's primary image. `kind` names the document within the report.
    """
    document = Dataset()
    document.SpecificCharacterSet = CHARACTER_SET
    document.update(report.primary.heading)
    document.StudyInstanceUID = report.primary.study_instance_uid
    document.SOPClassUID, document.SOPInstanceUID = sop_class_uid, report.uid(kind, "instance")
    document.SeriesInstanceUID, document.SeriesNumber = report.uid(kind, "series"), series_number
    document.InstanceNumber, document.Modality = 1, modality
    document.SeriesDescription = report.wording.series(kind)
    document.update(_equipment(report))
    document.update(_dates(report.received_at))
    document.ContributingEquipmentSequence = [contributing_equipment(report)]
    return document


def contributing_equipment(report: Report) -> Dataset:
    """The model and the policy, as an item of Contributing Equipment Sequence (PS3.3 section C.12.1)."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [coded(codes.PROCESSING_EQUIPMENT)]
    item.Manufacturer = MANUFACTURER
    name, model_version = report.algorithm
    item.ManufacturerModelName = name[:LONGEST_LO]
    model = report.result["model"]
    # the digest's 64 hex digits fill a value of the VR LO
    item.SoftwareVersions = [model_version, model["digest"].removeprefix("sha256:")] if model else model_version
    item.ContributionDateTime = report.received_at.strftime("%Y%m%d%H%M%S%z")
    item.ContributionDescription = " ".join([report.wording.banner(), *report.parameters])
    return item


def serial_number(report: Report) -> str:
    """What identifies the device that made the document: the registered model and its version."""
    return "/".join(report.algorithm)[:LONGEST_LO]


@cache
def software_version() -> str:
    """The installed release."""
    return version("samdrift")


def _equipment(report: Report) -> Dataset:
    equipment = Dataset()
    equipment.Manufacturer, equipment.ManufacturerModelName = MANUFACTURER, MODEL_NAME
    equipment.DeviceSerialNumber, equipment.SoftwareVersions = serial_number(report), software_version()
    return equipment


def _dates(moment: datetime) -> Dataset:
    dates = Dataset()
    day, clock = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    dates.InstanceCreationDate = dates.SeriesDate = dates.ContentDate = day
    dates.InstanceCreationTime = dates.SeriesTime = dates.ContentTime = clock
    return dates
