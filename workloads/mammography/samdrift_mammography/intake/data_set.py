"""Received data sets in memory, never more of them than there is room for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from io import BytesIO


@dataclass(kw_only=True)
class Room:
    """Bytes that all data sets on their way may take together."""

    size_bytes: int
    _taken_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken_bytes(self) -> int:
        """In use now."""
        return self._taken_bytes

    def take(self, count: int) -> bool:
        """Take `count` bytes if they are there."""
        with self._lock:
            if self._taken_bytes + count > self.size_bytes:
                return False
            self._taken_bytes += count
            return True

    def give_back(self, count: int) -> None:
        """They are free again."""
        with self._lock:
            self._taken_bytes -= count


class DataSetBuffer(BytesIO):
    """The encoded data set of one message. One that is too long is read to its end and forgotten at once."""

    def __init__(self, room: Room, *, largest_bytes: int) -> None:
        """Hold up to `largest_bytes`, as long as `room` has them."""
        super().__init__()
        self._room, self._largest_bytes = room, largest_bytes
        self._taken_bytes = 0
        #: Something of it was forgotten: it is of no use.
        self.overflowed = False

    def write(self, fragment: bytes, /) -> int:  # type: ignore[override]  # the library writes bytes only
        """Append a fragment."""
        count = len(fragment)
        if self.overflowed:
            return count
        if self._taken_bytes + count > self._largest_bytes or not self._room.take(count):
            self.release()
            self.overflowed = True
            return count
        self._taken_bytes += count
        return super().write(fragment)

    def forget(self) -> None:
        """Hold the bytes no longer, but keep their room: somebody else holds them now."""
        self.seek(0)
        self.truncate()

    def release(self) -> None:
        """Hold neither the bytes nor their room."""
        self.forget()
        self._room.give_back(self._taken_bytes)
        self._taken_bytes = 0

    def __del__(self) -> None:
        """An association that ended in the middle of a message releases nothing by itself."""
        self._room.give_back(self._taken_bytes)
        self._taken_bytes = 0
        super().__del__()
