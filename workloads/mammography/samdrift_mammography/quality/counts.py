"""How often each code of the quality control stands in a worklist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol


class Item(Protocol):
    """What is needed of an item of the ledger."""

    @property
    def result(self) -> Mapping[str, Any]:
        """What `process` found; empty before."""


def quality_counts(items: Iterable[Item]) -> Counter[str]:
    """Code -> number of images that it was found of, and of files that were refused for it.

    The codes are those of `reasons.IMAGE_PROBLEMS`, `IMAGE_FINDINGS` and `REJECTIONS`. An image with two codes counts
    for both; items without a result count for nothing.
    """
    return Counter(code for item in items for code in _codes(item.result))


def _codes(result: Mapping[str, Any]) -> Iterator[str]:
    if "code" in result:  # a refused file
        yield str(result["code"])
    for view in result.get("views", ()):
        yield from {*view.get("problems", ()), *view.get("quality", ())}
