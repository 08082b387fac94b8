"""How a file of a letter was read, where its text is evidence for a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reading(StrEnum):
    """What came of one file."""

    #: Its text was read, of a long one the beginning.
    READ = "read"
    #: There is hardly any text in it: a scan, or letters that no table gives a meaning.
    NO_TEXT = "no_text"
    #: It opens with a password only.
    ENCRYPTED = "encrypted"
    #: It is not what it says it is, or the reader failed on it.
    BROKEN = "broken"
    #: It has more bytes, or takes more memory, than is looked at.
    TOO_LARGE = "too_large"
    #: It was not read within its time.
    TOO_SLOW = "too_slow"
    #: Files of its kind are not read.
    OTHER_FORMAT = "other_format"


@dataclass(frozen=True, kw_only=True)
class FileText:
    """The text of a file; empty unless it was read. It is personal data, and is kept nowhere."""

    reading: Reading
    text: str = ""
