"""Writes small PDFs (ISO 32000-2): for the demonstration and for tests, and to warm the reading process up."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

#: Characters of one line, and lines of one page.
_WIDE, _HIGH = 80, 55
_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def write_pdf(text: str) -> bytes:
    """A PDF with `text` in Helvetica, as many pages as it takes; only characters of Windows-1252."""
    lines = [line[at : at + _WIDE] for line in text.splitlines() for at in range(0, max(len(line), 1), _WIDE)]
    pages = [lines[at : at + _HIGH] for at in range(0, max(len(lines), 1), _HIGH)]
    numbers = [4 + 2 * index for index in range(len(pages))]
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{number} 0 R' for number in numbers)}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        *(each for number, page in zip(numbers, pages, strict=True) for each in _page(number, page)),
    ]
    return write_objects(objects)


def write_objects(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    made = bytearray(_HEAD)
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    made += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(made)


def stream(content: bytes, *, entries: bytes = b"/Filter/FlateDecode", compress: bool = True) -> bytes:
    """A stream object (ISO 32000-2, 7.3.8)."""
    data = zlib.compress(content) if compress else content
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries, data)


def _page(number: int, lines: Iterable[str]) -> tuple[bytes, bytes]:
    page = (
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {number + 1} 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
    ).encode()
    shown = b" T*\n".join(b"(" + _escaped(line) + b") Tj" for line in lines)
    return page, stream(b"BT /F1 11 Tf 14 TL 50 800 Td\n" + shown + b"\nET")


def _escaped(line: str) -> bytes:
    """ISO 32000-2, 7.3.4.2."""
    return line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
