"""Writes pixels into a dataset in any transfer syntax that an installed encoder knows."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

#: Those of JPEG that pydicom has no encoder for: baseline, extended, lossless, lossless of first-order prediction.
JPEG = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70))


def encode(image: Dataset, pixels: NDArray[Any], *, bits: int, syntax: str, **options: Any) -> None:
    """Give `image` these grey pixels of `bits` bits; compressed by GDCM for JPEG, by pydicom's encoders otherwise."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    pixels = np.ascontiguousarray(pixels, "u1" if bits == 8 else "<u2")
    image.Rows, image.Columns = pixels.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = pixels.dtype.itemsize * 8, bits, bits - 1
    image.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    image.PixelData = pixels.tobytes()
    image["PixelData"].VR = "OW"
    if syntax in JPEG:
        image.file_meta.TransferSyntaxUID = UID(syntax)
        image.PixelData = encapsulate([_gdcm_frame(pixels, bits, syntax)])
        image["PixelData"].VR = "OB"
        image["PixelData"].is_undefined_length = True
    elif UID(syntax).is_encapsulated:
        image.compress(syntax, generate_instance_uid=False, **options)


def _gdcm_frame(pixels: NDArray[Any], bits: int, syntax: str) -> bytes:
    import gdcm
    import pydicom
    from pydicom.encaps import generate_frames

    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((pixels.shape[1], pixels.shape[0], 1))
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    image.SetPhotometricInterpretation(grey)
    image.SetPixelFormat(gdcm.PixelFormat(1, pixels.dtype.itemsize * 8, bits, bits - 1, 0))
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetByteStringValue(pixels.tobytes())
    image.SetDataElement(element)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    change.SetInput(image)
    image.thisown = False  # GDCM frees it, once
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetImage(change.GetOutput())
    with tempfile.NamedTemporaryFile() as file:
        writer.SetFileName(file.name)
        assert writer.Write()
        return next(generate_frames(pydicom.dcmread(file.name).PixelData, number_of_frames=1))
