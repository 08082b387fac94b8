"""What a reader wants to see of the worklist."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum

from samdrift_mammography.triage import Reading

#: What an exam's identifier is made of (a UID, or the case of a CBIS-DDSM film).
_EXAM = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The shape of a Danish civil registration number: never looked for, never kept in an address.
_CPR = re.compile(r"(?<!\d)\d{6}-?\d{4}(?!\d)")


class Show(StrEnum):
    """Which exams are listed."""

    #: Those that who is signed in may read now.
    MINE = "mine"
    #: Those that anybody is to read.
    UNREAD = "unread"
    #: Those on which two readers differ.
    ARBITRATION = "arbitration"
    #: Those that are read to their end.
    READ = "read"
    #: Those of which later views came.
    SUPERSEDED = "superseded"


class Scored(StrEnum):
    """Whether the model gave a score."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """All that is given must hold."""

    show: Show = Show.MINE
    reading: Reading | None = None
    scored: Scored | None = None
    #: A reason or a remark, as a code of `reasons`; "" for any.
    code: str = ""
    #: A screening unit; "" for any.
    unit: str = ""
    #: Part of the exam's identifier; "" for any.
    exam: str = ""
    #: Only women who objected to automated processing.
    objected: bool = False
    #: Only exams whose results the PACS refused, or nobody can tell.
    undelivered: bool = False

    @property
    def narrows(self) -> bool:
        """Whether anything but `show` is asked."""
        return any(getattr(self, each.name) for each in fields(self) if each.name != "show")


def exam_part(text: str) -> str:
    """`text` as part of an exam's identifier; "" when it cannot be one, or looks like a civil registration number."""
    text = text.strip()
    return text if _EXAM.fullmatch(text) and not _CPR.search(text) else ""
