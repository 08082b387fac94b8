"""A screening exam made by code: four digital mammograms that `dciodvfy` accepts, with a bright spot in the left views.

The woman is the publisher's fictitious Nancy Ann Berggren (2512489996). Nothing else about her is made up.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from samdrift_mammography.views import Laterality, View

ROWS, COLUMNS = 512, 416
#: Side of a pixel at the detector in mm: the breast is as large as a real one.
PIXEL_MM = 0.4
#: Centre of the bright spot in both left views, and its standard deviation, in pixels.
SPOT_ROW, SPOT_COLUMN, SPOT_SIGMA = 260, 150, 14.0
GREATEST_VALUE = 4095

_PROJECTIONS = {False: ("399162004", "cranio-caudal"), True: ("399368009", "medio-lateral oblique")}
_ORIENTATIONS = {
    View.RCC: ["P", "L"],
    View.LCC: ["A", "R"],
    View.RMLO: ["P", "F"],
    View.LMLO: ["A", "F"],
}


def screening_study(number: int = 1, **tags: Any) -> dict[View, bytes]:
    """The four views of study `number` as DICOM Part 10 files, always the same bytes for the same arguments.

    `tags` are set in every view; a tag given as None is left out.
    """
    return {view: part10(mammogram(view, number, **tags)) for view in View}


def mammogram(view: View, number: int = 1, **tags: Any) -> Dataset:
    """One view of study `number` as a dataset; `tags` as above."""
    image = Dataset()
    with disable_value_validation():  # what a test wants wrong is wrong on purpose
        for part in (_person(), _study(number), _series(view, number), _exposure(), _geometry(view), _grey(view)):
            image.update(part)
        for keyword, value in tags.items():
            if value is not None:
                setattr(image, keyword, value)
            elif keyword in image:
                delattr(image, keyword)
    return image


def part10(image: Dataset) -> bytes:
    """The dataset as a file, Explicit VR Little Endian (PS3.10 section 7)."""
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    file = BytesIO()
    image.save_as(file, enforce_file_format=True)
    return file.getvalue()


@cache
def pixels(view: View) -> NDArray[np.uint16]:
    """(rows, columns), 12 bits: half an ellipse against the chest wall, texture, noise, and the spot in left views."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float64)
    from_wall = columns if view.laterality is Laterality.LEFT else COLUMNS - 1 - columns
    breast = (from_wall / (0.8 * COLUMNS)) ** 2 + ((rows - ROWS / 2) / (0.45 * ROWS)) ** 2 <= 1
    texture = 1300 + 250 * np.sin(rows / 37) * np.cos(columns / 29)
    noise = np.random.default_rng(list(View).index(view)).normal(0, 40, rows.shape)
    spot = np.exp(-((rows - SPOT_ROW) ** 2 + (columns - SPOT_COLUMN) ** 2) / (2 * SPOT_SIGMA**2))
    value = texture + noise + (1800 * spot if view.laterality is Laterality.LEFT else 0)
    seen = np.where(breast, np.clip(value, 0, GREATEST_VALUE), 0).astype(np.uint16)
    seen.flags.writeable = False  # kept for the next caller
    return seen


def uid(*names: object) -> str:
    """A UID that belongs to these names (PS3.5 section B.2)."""
    return f"2.25.{uuid5(NAMESPACE_OID, '/'.join(map(str, names))).int}"


def _person() -> Dataset:
    return _dataset(
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Berggren^Nancy Ann",
        PatientID="2512489996",
        IssuerOfPatientID="CPR",
        PatientBirthDate="19481225",
        PatientSex="F",
        PatientAge="077Y",
    )


def _study(number: int) -> Dataset:
    return _dataset(
        StudyInstanceUID=uid("study", number),
        StudyDate="20261124",
        StudyTime="081500",
        StudyID=str(number),
        StudyDescription="Mammografi, screening: højre og venstre bryst på Åboulevarden",
        AccessionNumber="",
        ReferringPhysicianName="",
    )


def _series(view: View, number: int) -> Dataset:
    return _dataset(
        Modality="MG",
        SeriesInstanceUID=uid("series", number),
        SeriesNumber=1,
        SeriesDate="20261124",
        SeriesTime="081500",
        Manufacturer="Samdrift test",
        ManufacturerModelName="screening_study",
        SoftwareVersions="1",
        DeviceSerialNumber="1",
        SOPClassUID=DigitalMammographyXRayImageStorageForPresentation,
        SOPInstanceUID=uid("image", number, view),
        InstanceNumber=list(View).index(view) + 1,
    )


def _exposure() -> Dataset:
    return _dataset(
        PresentationIntentType="FOR PRESENTATION",
        ImageType=["DERIVED", "PRIMARY"],
        DerivationDescription="computed test pattern",
        AcquisitionDate="20261124",
        AcquisitionTime="081600",
        ContentDate="20261124",
        ContentTime="081600",
        PositionerType="MAMMOGRAPHIC",
        OrganExposed="BREAST",
        BodyPartExamined="BREAST",
        BreastImplantPresent="NO",
        QualityControlImage="NO",
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
        AcquisitionContextSequence=[],
        DetectorType="DIRECT",
        AnatomicRegionSequence=[_code("76752008", "Breast")],
    )


def _geometry(view: View) -> Dataset:
    projection = _code(*_PROJECTIONS[view.is_oblique])
    projection.ViewModifierCodeSequence = []
    return _dataset(
        ImageLaterality=str(view.laterality),
        ViewPosition=str(view.projection),
        ViewCodeSequence=[projection],
        PatientOrientation=_ORIENTATIONS[view],
        ImagerPixelSpacing=[PIXEL_MM, PIXEL_MM],
        PixelSpacing=[PIXEL_MM, PIXEL_MM],
        PixelSpacingCalibrationType="GEOMETRY",
        PixelSpacingCalibrationDescription="computed test pattern",
        EstimatedRadiographicMagnificationFactor=1,
    )


def _grey(view: View) -> Dataset:
    return _dataset(
        Rows=ROWS,
        Columns=COLUMNS,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
        PixelIntensityRelationship="LOG",
        PixelIntensityRelationshipSign=-1,
        RescaleIntercept=0,
        RescaleSlope=1,
        RescaleType="US",
        WindowCenter=2048,
        WindowWidth=4096,
        PresentationLUTShape="IDENTITY",
        PixelData=pixels(view).tobytes(),
    )


def _code(value: str, meaning: str) -> Dataset:
    return _dataset(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)


def _dataset(**tags: Any) -> Dataset:
    found = Dataset()
    for keyword, value in tags.items():
        setattr(found, keyword, value)
    return found
