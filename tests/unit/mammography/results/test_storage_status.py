from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.results.storage_status import Meaning, meaning_of

# PS3.4 table B.2-1, PS3.7 annex C, written down independently of the code
NAMED = [
    (0x0000, "stored"),
    (0xB000, "stored"),
    (0xB006, "stored"),
    (0xB007, "stored"),
    (0x0111, "stored"),
    (0xA700, "passing"),
    (0xA7FF, "passing"),
    (0x0110, "passing"),
    (0xA900, "refused"),
    (0xA9FF, "refused"),
    (0xC000, "refused"),
    (0xCFFF, "refused"),
    (0x0117, "refused"),
    (0x0122, "refused"),
    (0x0124, "refused"),
    (0x0210, "refused"),
    (0x0211, "refused"),
    (0x0212, "refused"),
    (0xF123, "unclear"),
    (0xFE00, "unclear"),
]


@pytest.mark.parametrize(("status", "meaning"), NAMED)
def test_the_standard_s_statuses(status: int, meaning: str) -> None:
    assert meaning_of(status) == meaning


@given(st.integers(min_value=0, max_value=0xFFFF))
def test_only_success_warnings_and_duplicates_are_stored(status: int) -> None:
    told_stored = f"{status:04X}"[0] == "B" or status in {0, 1, 0x0107, 0x0111, 0x0116}
    assert (meaning_of(status) is Meaning.STORED) == told_stored
