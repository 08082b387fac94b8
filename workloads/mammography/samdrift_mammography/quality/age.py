"""A woman's age as it stands in the header, however it is written, as the band that statistics of screening use."""

from __future__ import annotations

import re
from enum import StrEnum

# PS3.5 section 6.2: three digits, then days, weeks, months or years; those of a grown woman are years.
_USUAL = re.compile(r"\d{3}Y")
# As it is also seen: "555M", "732.0m", "61", "61 Y".
_TOLERANT = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*([dwmy]?)", re.IGNORECASE)
_PER_YEAR = {"d": 365.25, "w": 52.18, "m": 12.0, "y": 1.0, "": 1.0}
_OLDEST = 120.0


class AgeBand(StrEnum):
    """Ages as statistics of screening tell them; women from 50 to 69 are invited in Denmark."""

    #: Before the programme's ages.
    UNDER_50 = "under 50"
    #: The first half of the programme's ages.
    FROM_50_TO_59 = "50-59"
    #: The second half.
    FROM_60_TO_69 = "60-69"
    #: After it.
    FROM_70 = "70 or over"

    @classmethod
    def of(cls, years: float) -> AgeBand:
        """The band of an age in years."""
        if years < 50:
            return cls.UNDER_50
        if years < 60:
            return cls.FROM_50_TO_59
        return cls.FROM_60_TO_69 if years < 70 else cls.FROM_70


def age_band(text: str) -> AgeBand | None:
    """The band of Patient's Age (0010,1010); None when there is none that a person can have."""
    match = _TOLERANT.fullmatch(text.strip())
    if match is None:
        return None
    years = float(match[1]) / _PER_YEAR[match[2].lower()]
    return AgeBand.of(years) if years <= _OLDEST else None


def is_odd(text: str) -> bool:
    """Whether an age is written otherwise than "061Y"."""
    return bool(text) and _USUAL.fullmatch(text) is None
