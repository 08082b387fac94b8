"""A woman's age as it stands in the header, however it is written."""

from __future__ import annotations

import re

# PS3.5 section 6.2: three digits, then days, weeks, months or years; those of a grown woman are years.
_USUAL = re.compile(r"\d{3}Y")
# As it is also seen: "555M", "732.0m", "61", "61 Y".
_TOLERANT = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*([dwmy]?)", re.IGNORECASE)
_PER_YEAR = {"d": 365.25, "w": 52.18, "m": 12.0, "y": 1.0, "": 1.0}
_OLDEST = 120.0


def age_years(text: str) -> float | None:
    """Patient's Age (0010,1010) in years; None when it is no age that a person can have."""
    match = _TOLERANT.fullmatch(text.strip())
    if match is None:
        return None
    years = float(match[1]) / _PER_YEAR[match[2].lower()]
    return years if years <= _OLDEST else None


def is_odd(text: str) -> bool:
    """Whether an age is written otherwise than "061Y", or is none."""
    return bool(text) and (_USUAL.fullmatch(text) is None or age_years(text) is None)
