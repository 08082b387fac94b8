"""A stored object on a page: text as text, pictures as pictures, and everything else as a file to save."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from samdrift_platform.contract import Store
from samdrift_platform.objects import ObjectStore
from samdrift_platform.question import Fact

#: Characters of a text that are shown; the rest is in the file.
MOST_SHOWN = 100_000
#: Pictures that a browser shows without running anything.
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_TEXTS = ("text/", "application/xml", "application/json")
#: Bytes that certainly hold as many characters.
_ENOUGH = 4 * MOST_SHOWN + 4
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How an object is shown."""

    #: Its bytes.
    size: int
    #: Empty: it is not shown as text.
    text: str = ""
    #: There is more of it than is shown.
    is_cut: bool = False
    #: It is a picture.
    is_image: bool = False


def opened(store: Store, reference: str) -> IO[bytes]:
    """The object as a file, to be closed; one of 100 MB is not held in memory. NotFoundError when it is not there."""
    return store.open(reference) if isinstance(store, ObjectStore) else BytesIO(store.get(reference))


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """All of it, piece by piece; it is closed at the end."""
    with file:
        while piece := file.read(_PIECE):
            yield piece


def image(fact: Fact) -> str:
    """The media type of a picture that may be shown; empty: it is none."""
    return fact.media_type if fact.media_type in IMAGES else ""


def shown(file: IO[bytes], fact: Fact) -> Shown:
    """How the object in `file`, which `fact` names, is shown; the file is closed."""
    with file:
        beginning = file.read(_ENOUGH)
        size = file.seek(0, os.SEEK_END)
    if image(fact):
        return Shown(size=size, is_image=True)
    text = _decoded(beginning, whole=len(beginning) == size) if _is_text(fact.media_type) else None
    if text is None:
        return Shown(size=size)
    return Shown(size=size, text=text[:MOST_SHOWN], is_cut=len(text) > MOST_SHOWN)


def _is_text(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith(_TEXTS) or kind.endswith(("+xml", "+json"))


def _decoded(content: bytes, *, whole: bool) -> str | None:
    """UTF-8, or UTF-16 that says so; None: something else, which a page would only garble."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=whole)  # a cut character is no fault
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
