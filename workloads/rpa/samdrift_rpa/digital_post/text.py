"""What a letter says, as far as it is text: its label and the main document's plain text or HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post.memo import DocumentKind, File, Letter
from samdrift_rpa.digital_post.stored import opened

#: Bytes of one document that are looked at.
_MOST_BYTES = 200_000
_READ = ("text/plain", "text/html")


def text_of(letter: Letter, store: Store) -> str:
    """Label, text message and the texts of the main document. A PDF's text is not read: it is for a person."""
    parts = [letter.label, letter.notification]
    parts += [_read(file, store) for file in letter.files if file.kind is DocumentKind.MAIN]
    return "\n".join(part for part in parts if part)


def _read(file: File, store: Store) -> str:
    if file.media_type not in _READ:
        return ""
    with opened(store, file.object) as content:
        text = content.read(_MOST_BYTES).decode("utf-8", errors="replace")
    return _plain(text) if file.media_type == "text/html" else text


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
