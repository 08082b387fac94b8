"""A party whose address nobody has set."""

from __future__ import annotations

from uuid import UUID

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import CannotTellError, TryAgainError
from samdrift_platform.setting import Setting


class UnsetReceiver:
    """A party whose address the operator has not set: nothing is delivered, and nothing else is held up."""

    def __init__(self, setting: Setting) -> None:
        """`setting` is the variable that is missing."""
        self._message = f"{setting.name} is not set. {setting.help}"

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """TryAgainError, which says what to set."""
        raise TryAgainError(self._message)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """CannotTellError: perhaps it was delivered while the address was set."""
        raise CannotTellError(self._message)
