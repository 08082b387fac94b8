"""A party outside: whoever an effect is handed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias
from uuid import UUID

from pydantic import JsonValue

JsonObject: TypeAlias = Mapping[str, JsonValue]


class Receiver(Protocol):
    """One party outside. Calls end within 30 s; they raise TryAgainError, ReceiverRefusedError or CannotTellError."""

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Do it under `key`, which is handed over; the answer."""
        ...

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """Did it happen? Its answer; None: no."""
        ...
