"""A stored object on a page: text as text, pictures as pictures, and everything else as a file to save."""

from __future__ import annotations

from dataclasses import dataclass

from samdrift_platform.question import Fact

#: Characters of a text that are shown; the rest is in the file.
MOST_SHOWN = 100_000
#: Pictures that a browser shows without running anything.
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_TEXTS = ("text/", "application/xml", "application/json")


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


def image(fact: Fact) -> str:
    """The media type of a picture that may be shown; empty: it is none."""
    return fact.media_type if fact.media_type in IMAGES else ""


def shown(content: bytes, fact: Fact) -> Shown:
    """How the content that `fact` names is shown."""
    if image(fact):
        return Shown(size=len(content), is_image=True)
    text = _decoded(content) if _is_text(fact.media_type) else None
    if text is None:
        return Shown(size=len(content))
    return Shown(size=len(content), text=text[:MOST_SHOWN], is_cut=len(text) > MOST_SHOWN)


def _is_text(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith(_TEXTS) or kind.endswith(("+xml", "+json"))


def _decoded(content: bytes) -> str | None:
    """UTF-8, or UTF-16 that says so; None: something else, which a page would only garble."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
