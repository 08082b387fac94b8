"""A document as a DICOM Part 10 file (PS3.10 section 7)."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian


def part10(document: Dataset) -> bytes:
    """The bytes of `document`, Explicit VR Little Endian. The same content gives the same bytes.

    Whatever file meta information the document had is written anew.
    """
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()
