"""What a letter says, as far as it is text: its label and the main document's plain text, HTML or PDF.

It is evidence for a proposal, and personal data: it is kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post.memo import DocumentKind, File, Letter
from samdrift_rpa.digital_post.pdf.isolated import shared_reader
from samdrift_rpa.digital_post.reading import FileText, Reading
from samdrift_rpa.digital_post.stored import opened

#: Bytes of one document that are looked at.
_MOST_BYTES = 200_000
#: Files of the main document that are read.
_MOST_FILES = 5
_PLAIN, _HTML, _PDF = "text/plain", "text/html", "application/pdf"


@dataclass(frozen=True, kw_only=True)
class LetterText:
    """What proposals are made from."""

    #: Label, text message and the main document, as far as they could be read.
    text: str
    #: How each file of the main document was read, in their order.
    main: Sequence[Reading]


def text_of(letter: Letter, store: Store) -> LetterText:
    """Label, text message and the texts of the main document."""
    main = [file for file in letter.files if file.kind is DocumentKind.MAIN]
    read = [_read(file, store) for file in main[:_MOST_FILES]]
    parts = [letter.label, letter.notification, *(each.text for each in read)]
    return LetterText(text="\n".join(part for part in parts if part), main=[each.reading for each in read])


def _read(file: File, store: Store) -> FileText:
    if file.media_type not in (_PLAIN, _HTML, _PDF):
        return FileText(reading=Reading.OTHER_FORMAT)
    with opened(store, file.object) as content:
        if file.media_type == _PDF:
            return shared_reader().read(content, file.size_bytes)
        text = content.read(_MOST_BYTES).decode("utf-8", errors="replace")
    return FileText(reading=Reading.READ, text=_plain(text) if file.media_type == _HTML else text)


def _plain(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return re.sub(r"\s+", " ", " ".join(reader.found)).strip()


class _Text(HTMLParser):
    """Text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style") and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)
