"""An object store for those whose work is not kept: it reads what is there and forgets what it is given."""

from __future__ import annotations

from samdrift_platform.contract import Store
from samdrift_platform.digest import digest_of_bytes


class ScratchStore:
    """What is put is found again through the same ScratchStore, and nowhere else."""

    def __init__(self, kept: Store) -> None:
        """Read from `kept`, and never write to it."""
        self._kept = kept
        self._put: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """The reference that the store would give."""
        reference = digest_of_bytes(data)
        self._put[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes; NotFoundError as the kept store raises it."""
        return self._put[reference] if reference in self._put else self._kept.get(reference)
