"""Whether two DICOM files hold the same image, whichever way each of them came."""

from __future__ import annotations

from io import BytesIO

_TRANSFER_SYNTAX_UID = 0x0002_0010
_META_GROUP = 0x0002


def same_content(one: bytes, other: bytes) -> bool:
    """Whether the data sets of two Part 10 files are the same bytes in the same transfer syntax.

    The File Meta Information (PS3.10 section 7.1) is left out: whoever writes the file makes it, so the same image
    has another one when it comes over the network, by web or in a folder.
    """
    return _content(one) == _content(other)


def _content(data: bytes) -> tuple[bytes, bytes]:
    """Transfer syntax and data set; all of a file whose meta information is damaged."""
    from pydicom.filereader import data_element_generator, read_preamble

    stream = BytesIO(data)
    try:
        read_preamble(stream, force=True)
        meta = data_element_generator(
            stream, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != _META_GROUP
        )
        values = {int(element.tag): element.value for element in meta}
    except Exception:  # noqa: BLE001 - pydicom raises what its parsers happen to raise
        return b"", data
    syntax: bytes = values.get(_TRANSFER_SYNTAX_UID) or b""
    return syntax, data[stream.tell() :]
