"""A party outside: whoever an effect is handed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias, runtime_checkable
from uuid import UUID

from pydantic import JsonValue

JsonObject: TypeAlias = Mapping[str, JsonValue]


@runtime_checkable
class HearsPeople(Protocol):
    """A receiver that keeps a record of what it began may have this beside the two."""

    def did_not_happen(self, key: UUID, request: JsonObject) -> None:
        """A person looked: what was begun last did not happen, so `deliver` may begin again. Asked before it is."""
        ...


class Receiver(Protocol):
    """One party outside. Calls end within 30 s; they raise TryAgainError, ReceiverRefusedError or CannotTellError."""

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Do it under `key`, which is handed over; the answer."""
        ...

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """Did it happen? Its answer; None: no."""
        ...
