"""Receivers that misbehave as a test says, and keep a log that the test can believe."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError


class Act(StrEnum):
    """What the next call comes to."""

    OK = "ok"
    #: Says that it did not work, and it did not.
    TRY_AGAIN = "try again"
    #: Says that it did not work, but it did.
    DONE_BUT_TRY_AGAIN = "done, but try again"
    REFUSE = "refuse"
    CANNOT_TELL = "cannot tell"
    #: An error that the contract does not know.
    FALL_OVER = "fall over"
    DONE_BUT_FALL_OVER = "done, but fall over"
    #: Does it, and the caller's process dies before it hears so.
    DONE_BUT_CRASH = "done, but crash"


class CrashError(BaseException):
    """Stands for the death of the calling process: nothing catches it."""


#: Must never be read in an error text.
PERSONAL = "Nancy Ann Test Berggren"


class ScriptedReceiver:
    """Follows its scripts, then does everything right. `done` is what happened outside, in order, repeats included."""

    def __init__(self, *script: Act, asked: Sequence[Act] = ()) -> None:
        self._deliver_script = list(script)
        self._find_script = list(asked)
        self.answer: JsonObject = {"ok": True}
        self.calls: list[str] = []
        self.done: list[UUID] = []

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        self.calls.append("deliver")
        act = self._deliver_script.pop(0) if self._deliver_script else Act.OK
        if act in (Act.OK, Act.DONE_BUT_TRY_AGAIN, Act.DONE_BUT_FALL_OVER, Act.DONE_BUT_CRASH):
            self.done.append(key)
        self._raise(act)
        return self.answer

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        self.calls.append("find")
        self._raise(self._find_script.pop(0) if self._find_script else Act.OK)
        return self.answer if key in self.done else None

    def _raise(self, act: Act) -> None:
        if act is Act.OK:
            return
        if act in (Act.TRY_AGAIN, Act.DONE_BUT_TRY_AGAIN):
            raise TryAgainError("no answer")
        if act is Act.REFUSE:
            raise ReceiverRefusedError("no such account")
        if act is Act.CANNOT_TELL:
            raise CannotTellError("nobody knows")
        if act is Act.DONE_BUT_CRASH:
            raise CrashError
        raise RuntimeError(f"cannot parse the answer about {PERSONAL}")


class LoggingReceiver:
    """Writes every call durably into a file that many processes share. It does not look whether it has the key."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{key} {request['reference']}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return {"logged": True}

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        known = any(line.startswith(f"{key} ") for line in read_log(self._log))
        return {"found": True} if known else None


def read_log(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
