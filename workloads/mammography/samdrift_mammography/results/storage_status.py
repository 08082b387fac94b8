"""What a PACS's answer to a storage request means: C-STORE statuses and the failure reasons of STOW-RS.

PS3.4 table B.2-1 and section GG.4.2, PS3.7 annex C, PS3.18 table I.2-2: the numbers are the same in all of them.
"""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """What to do after a status."""

    #: It says that it has the instance, perhaps with values of its own: ask whether it has.
    STORED = "stored"
    #: It did not take the instance now, and may later.
    PASSING = "passing"
    #: It will not take this instance.
    REFUSED = "refused"
    #: A status that no standard names: nothing is known.
    UNCLEAR = "unclear"


_SUCCESS = 0x0000
_WARNINGS = frozenset({0x0001, 0x0107, 0x0116})  # PS3.7 annex C.4.2 and C.4.3
_DUPLICATE = 0x0111  # it has an instance of that identifier already
_PROCESSING_FAILURE = 0x0110


def meaning_of(status: int) -> Meaning:
    """The meaning of a 16-bit status.

    B000 (values coerced), B006 (elements discarded) and B007 (data set does not match) are warnings about an instance
    that *was* stored. A7xx is "out of resources"; A9xx and Cxxx say that the data set cannot be understood.
    """
    if status in {_SUCCESS, _DUPLICATE} or status in _WARNINGS or status & 0xF000 == 0xB000:
        return Meaning.STORED
    if status == _PROCESSING_FAILURE or status & 0xFF00 == 0xA700:
        return Meaning.PASSING
    if status & 0xFF00 in {0x0100, 0x0200, 0xA800, 0xA900} or status & 0xF000 == 0xC000:
        return Meaning.REFUSED
    return Meaning.UNCLEAR
