"""Cases become a submission: the same cases at the same time are the same one, however often they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from samdrift_platform.digest import digest_of
from samdrift_rpa.statistics import WORKLOAD


class Desk(Protocol):
    """Where objects and submissions are handed in: the platform's client."""

    def put_object(self, data: bytes) -> str:
        """Store bytes; their reference."""
        ...

    def get_object(self, reference: str) -> bytes:
        """The bytes of a reference."""
        ...

    def submit(self, workload: str, document: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
        """Hand a document in; the submission."""
        ...


class DeskStore:
    """The desk as a store, for what a process collects."""

    def __init__(self, desk: Desk) -> None:
        """Objects go to `desk`."""
        self._desk = desk

    def put(self, data: bytes) -> str:
        """Keep `data`; its reference."""
        return self._desk.put_object(data)

    def get(self, reference: str) -> bytes:
        """The bytes of `reference`."""
        return self._desk.get_object(reference)


def submit(desk: Desk, process: str, cases: Sequence[Mapping[str, Any]], received_at: datetime) -> dict[str, Any]:
    """Submit cases that came in at `received_at` (aware)."""
    document = {
        "process": process,
        "received_at": received_at.astimezone(UTC).isoformat(),
        "cases": [dict(case) for case in cases],
    }
    return desk.submit(WORKLOAD, document, reference=f"{process} {digest_of(document)[7:31]}")
