from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.portal.paging import around


@given(st.integers(1, 20), st.integers(0, 500))
def test_whoever_turns_pages_sees_every_row_once(page: int, rows: int) -> None:
    seen, offset = 0, 0
    while True:
        shown = min(page, rows - offset)
        seen += shown
        ahead = around(offset, more=offset + page < rows, page=page)["older"]
        if ahead is None:
            break
        assert around(ahead, more=False, page=page)["newer"] == offset
        offset = ahead
    assert seen == rows
    assert around(0, more=True, page=page)["newer"] is None
