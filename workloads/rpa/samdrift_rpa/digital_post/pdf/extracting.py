"""From the bytes of a PDF to its text. For the reading process alone: it may hang, crash or take all memory it gets."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import TYPE_CHECKING

from samdrift_rpa.digital_post.reading import FileText, Reading

if TYPE_CHECKING:
    from pypdf import PdfReader

#: Pages that are read; what a letter is about stands at its beginning.
MOST_PAGES = 20
#: Characters that are read.
MOST_CHARACTERS = 200_000
#: With fewer letters and digits there is no text to speak of: a scan may carry a stamp or a page number.
LEAST_LETTERS = 20
#: What stands for no character: control, private use, unassigned, surrogate.
_MEANINGLESS = ("Cc", "Co", "Cn", "Cs")


def extract(content: bytes) -> FileText:
    """The text of the first pages.

    A PDF that is encrypted but opens without a password is read: whoever has it can read it.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError

    try:
        return _told(_pages(PdfReader(BytesIO(content), strict=False)))
    except FileNotDecryptedError:
        return FileText(reading=Reading.ENCRYPTED)
    except MemoryError:
        return FileText(reading=Reading.TOO_LARGE)
    except Exception:  # noqa: BLE001 - on damaged files pypdf raises whatever its parsers happen to raise
        return FileText(reading=Reading.BROKEN)


def _pages(reader: PdfReader) -> str:
    """The text of pages until there is enough of it."""
    found: list[str] = []
    for number, page in enumerate(reader.pages):
        if number == MOST_PAGES or sum(map(len, found)) >= MOST_CHARACTERS:
            break
        found.append(page.extract_text())
    return "\n".join(found)[:MOST_CHARACTERS]


def _told(text: str) -> FileText:
    """Ligatures become letters, and what stands for no character goes."""
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(c if c.isspace() or unicodedata.category(c) not in _MEANINGLESS else " " for c in plain)
    kept = re.sub(r"\s+", " ", kept).strip()
    if sum(map(str.isalnum, kept)) < LEAST_LETTERS:
        return FileText(reading=Reading.NO_TEXT)
    return FileText(reading=Reading.READ, text=kept)
