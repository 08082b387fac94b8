"""Base64 to bytes, piece by piece: memory does not grow with the attachment."""

from __future__ import annotations

import binascii
from tempfile import SpooledTemporaryFile
from typing import Self

#: Decoded content up to this size stays in memory; the rest lies in a temporary file that has no name.
IN_MEMORY_BYTES = 1 << 20
_SPACE = b" \t\r\n"


class NotBase64Error(ValueError):
    """The text is not xs:base64Binary (XML Schema part 2, 3.2.16)."""


class Base64Content:
    """The content of one file while it comes in."""

    def __init__(self) -> None:
        """Begin empty."""
        self.file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
        self.size_bytes = 0
        self._left, self._ended = b"", False

    def feed(self, text: str) -> None:
        """Take more of the text.

        Raises:
            NotBase64Error: a character is none of the alphabet, or something follows the padding.
        """
        try:
            plain = self._left + text.encode("ascii").translate(None, _SPACE)
        except UnicodeEncodeError as error:
            raise NotBase64Error from error
        whole = len(plain) - len(plain) % 4
        self._left = plain[whole:]
        self._decode(plain[:whole])

    def finish(self) -> None:
        """The text has ended; NotBase64Error when it ended inside a group of four."""
        if self._left:
            raise NotBase64Error
        self.file.seek(0)

    def close(self) -> None:
        """Forget it."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self, groups: bytes) -> None:
        if not groups:
            return
        if self._ended:
            raise NotBase64Error
        try:
            data = binascii.a2b_base64(groups, strict_mode=True)
        except binascii.Error as error:
            raise NotBase64Error from error
        self._ended = groups.endswith(b"=")
        self.size_bytes += len(data)
        self.file.write(data)
