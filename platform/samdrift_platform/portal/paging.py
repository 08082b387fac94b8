"""Long lists are shown a page at a time."""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import Query

#: Rows of a page's main table.
PAGE = 50

#: Bounded, because databases refuse numbers beyond theirs.
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


class Around(TypedDict):
    """Where the pages before and after begin, as the macro `pages` takes it; None where there is none."""

    newer: int | None
    older: int | None


def around(offset: int, *, more: bool, page: int = PAGE) -> Around:
    """What lies around the page of `page` rows that begins at `offset`; `more`: there are rows behind it."""
    return Around(newer=max(offset - page, 0) if offset else None, older=offset + page if more else None)
