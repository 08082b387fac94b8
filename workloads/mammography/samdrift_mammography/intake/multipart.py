"""A multipart/related message (RFC 2387) taken apart as it arrives: no more than one part of it is in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from samdrift_mammography.errors import MalformedBodyError, WrongMediaTypeError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

RELATED = "multipart/related"
#: What the parts are (PS3.18 section 10.5.1).
DICOM = "application/dicom"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the message."""

    #: In lower case without parameters; empty when the part does not say.
    media_type: str
    data: bytes


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """The media type in lower case and its parameters, of a Content-Type header (RFC 9110 section 8.3)."""
    from python_multipart.multipart import parse_options_header

    name, parameters = parse_options_header(header)
    return name.decode("latin-1").lower(), {
        key.decode("latin-1").lower(): value.decode("latin-1") for key, value in parameters.items()
    }


def boundary_of(content_type: str) -> str:
    """The boundary of a multipart/related message of DICOM files.

    Raises:
        WrongMediaTypeError: the message is of another media type.
        MalformedBodyError: it does not say what stands between its parts.
    """
    name, parameters = media_type(content_type)
    if name != RELATED or parameters.get("type", DICOM).lower() != DICOM:
        raise WrongMediaTypeError(
            f'This address takes {RELATED}; type="{DICOM}" (PS3.18 section 10.5.1). Send the files as parts of that.'
        )
    if not parameters.get("boundary"):
        raise MalformedBodyError(f"{RELATED} lacks the parameter boundary (RFC 2046 section 5.1.1). Add it.")
    return parameters["boundary"]


@dataclass(kw_only=True)
class Parts:
    """Takes a message apart: give it the bytes as they come, and at last `end` it."""

    boundary: str
    _chunks: list[bytes] = field(default_factory=list)
    _name: bytes = b""
    _value: bytes = b""
    _media_type: str = ""
    _whole: list[Part] = field(default_factory=list)
    _ended: bool = False

    def __post_init__(self) -> None:
        self._parser = self._new_parser()

    def write(self, data: bytes) -> list[Part]:
        """The parts that `data` completes.

        Raises:
            MalformedBodyError: this is not a multipart message with that boundary.
        """
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(data)
        except FormParserError as error:  # its message quotes what was sent
            raise MalformedBodyError from error
        whole, self._whole = self._whole, []
        return whole

    def end(self) -> None:
        """All was written; MalformedBodyError when the message was cut off."""
        if not self._ended:
            raise MalformedBodyError(
                "The body ends before its closing boundary (RFC 2046 section 5.1.1). Send it again."
            )

    def _new_parser(self) -> MultipartParser:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser

        try:
            return MultipartParser(
                self.boundary.encode("latin-1"),
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header,
                    "on_part_data": self._data,
                    "on_part_end": self._part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise MalformedBodyError(
                "The boundary is too long (RFC 2046 section 5.1.1). Use up to 70 characters."
            ) from error

    def _begin(self) -> None:
        self._chunks, self._media_type, self._name, self._value = [], "", b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        if self._name.lower() == b"content-type":
            self._media_type, _ = media_type(self._value.decode("latin-1"))
        self._name, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _part(self) -> None:
        self._whole.append(Part(media_type=self._media_type, data=b"".join(self._chunks)))
        self._chunks = []

    def _end(self) -> None:
        self._ended = True
