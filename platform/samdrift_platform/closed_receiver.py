"""Stands for a receiver that is not set, or set to something unusable: nothing is sent, nothing else is held up."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import TryAgainError


@dataclass(frozen=True)
class ClosedReceiver:
    """Says each time what to set."""

    message: str

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """TryAgainError, which says what to set."""
        raise TryAgainError(self.message)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """TryAgainError as well: what was sent while it was set is asked about when it is set again."""
        raise TryAgainError(self.message)
