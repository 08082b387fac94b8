"""Puts stored files into a folder that another system fetches them from, each once.

Whoever fetches a file may take it away, so a folder without it says nothing. What was begun and what was done is
written down beside, in `.samdrift/<key>`: the look-up asks that, and where a file was begun and is not there, nobody
can tell.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_platform.file_share import write_whole
from samdrift_rpa.receivers.stored import stored_bytes

_MARKS = ".samdrift"
_NAME = re.compile(r"[A-Za-z0-9æøåÆØÅ][A-Za-z0-9æøåÆØÅ._ -]{0,99}")


class Mark(StrEnum):
    """How far a file has come."""

    #: It is being written; perhaps it was, and was fetched.
    BEGUN = "begun"
    #: It was there, whole.
    DONE = "done"


class FileShareReceiver:
    """Writes the object that `request["object"]` names as `<key>-<request["name"]>`.

    The key makes the name the effect's own. The name is seen by whoever sees the folder: no personal data.
    """

    def __init__(self, folder: Path, objects: Store) -> None:
        """Files come into `folder`, from `objects`."""
        self._folder, self._objects = folder, objects

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Write the file; its name below the folder.

        Raises:
            ReceiverRefusedError: the name is none for a file, or the object is not stored any more.
            TryAgainError: the folder cannot be written.
        """
        name = _name(key, request)
        data = stored_bytes(self._objects, request, "object")
        try:
            write_whole(self._mark(key), Mark.BEGUN.encode())
            write_whole(self._folder / name, data)
            write_whole(self._mark(key), Mark.DONE.encode())
        except OSError as error:
            raise TryAgainError(f"The file share cannot be written ({type(error).__name__}).") from error
        return {"file": name}

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The same answer when it was written; None when it was not begun.

        Raises:
            CannotTellError: it was begun and is not there: perhaps it was fetched before that was written down.
            TryAgainError: the folder cannot be read.
        """
        name = _name(key, request)
        try:
            mark = self._read(self._mark(key))
            there = (self._folder / name).is_file()
        except OSError as error:
            raise TryAgainError(f"The file share cannot be read ({type(error).__name__}).") from error
        if mark == Mark.DONE or there:
            return {"file": name}
        if mark is None:
            return None
        raise CannotTellError(f"Writing {name} was cut off, and it is not there. Ask whoever fetches files there.")

    def did_not_happen(self, key: UUID, request: JsonObject) -> None:
        """A person asked, and it was never fetched: it is written again."""
        self._mark(key).unlink(missing_ok=True)

    def _mark(self, key: UUID) -> Path:
        return self._folder / _MARKS / str(key)

    def _read(self, path: Path) -> str | None:
        try:
            return path.read_text(encoding="ascii")
        except FileNotFoundError:
            if not self._folder.is_dir():  # a share that is not mounted says nothing about what is on it
                raise
            return None


def _name(key: UUID, request: JsonObject) -> str:
    name = str(request.get("name") or "")
    if not _NAME.fullmatch(name):
        raise ReceiverRefusedError("The request names no file: letters, digits, blank, . _ and -, at most 100.")
    return f"{key}-{name}"
