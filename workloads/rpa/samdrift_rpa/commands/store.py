"""Objects for a dry run or a replay: read where they are kept; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable

from samdrift_platform.digest import digest_of_bytes


class ReadingStore:
    """What is put stays in memory; what is not there is read by `fetch`."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """`fetch` gets the bytes of a reference, or raises NotFoundError."""
        self._fetch, self._held = fetch, dict[str, bytes]()

    def put(self, data: bytes) -> str:
        """Keep `data` for as long as the command runs; its reference."""
        reference = digest_of_bytes(data)
        self._held[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes of `reference`, each fetched once."""
        if reference not in self._held:
            self._held[reference] = self._fetch(reference)
        return self._held[reference]
