"""The real code, of which nothing runs on after so many calls: what `kill -9` is to a process, inside a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class DeathError(BaseException):
    """Stands for the death of the process: nothing catches it."""


class Dying:
    """Lets `calls` calls of all that is wrapped through to the real code, and none after them."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self.left == 0:
                raise DeathError
            self.left -= 1
            return real(*given, **named)

        return call
