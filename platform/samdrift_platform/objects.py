"""The object store: bytes by their SHA-256, in a folder or in S3.

Content addressing makes storing idempotent: the same bytes are the same object, and nothing is ever overwritten.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol
from uuid import uuid4

from samdrift_platform.digest import digest_of_bytes, digest_of_file
from samdrift_platform.errors import InputError, NotFoundError, UnavailableError

#: In S3 an object that is older is put again when somebody puts the same bytes: nothing else renews its age.
RENEWAL = timedelta(hours=6)
_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}")


class Store(Protocol):
    """Objects by content: a reference is `sha256:` and 64 hex digits."""

    def put(self, data: bytes) -> str:
        """Keep `data` and return its reference."""
        ...

    def get(self, reference: str) -> bytes:
        """The bytes of `reference`; NotFoundError when there are none."""
        ...


class StoreFullError(UnavailableError):
    """The object store takes no more bytes. Nothing was recorded; free space and send the same again."""

    status = 507


class StoreUnavailableError(UnavailableError):
    """The object store does not take bytes now. Nothing was recorded; look at it, then send the same again."""


class ObjectStore:
    """Objects below one fsspec URL, in 256 folders by the first byte of the digest."""

    def __init__(self, url: str) -> None:
        """Open the store at `url` (`file:///…` or `s3://bucket/prefix`)."""
        import fsspec

        self.url = url
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._is_folder = "file" in self._files.protocol

    def put(self, data: bytes) -> str:
        """Store `data` durably and return its reference; the same bytes again cost one look."""
        reference = digest_of_bytes(data)
        path = self._path(reference)
        with _told_when_full():
            if not self._renewed(path):
                self._write(path, BytesIO(data))
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes of `reference`, checked against it.

        Raises:
            NotFoundError: there is no such object, or its bytes are not what the reference says.
        """
        try:
            data: bytes = self._files.cat_file(self._path(reference))
        except FileNotFoundError as error:
            raise NotFoundError(f"There is no object {reference}. Upload it before you submit it.") from error
        if digest_of_bytes(data) != reference:
            raise NotFoundError(f"The stored bytes of {reference} were changed. Restore the object store from backup.")
        return data

    def open(self, reference: str) -> IO[bytes]:
        """`get` as a file, to be closed: checked before it is handed out, and never in memory as a whole."""
        path = self._path(reference)
        try:
            with self._files.open(path, "rb") as file:
                same = digest_of_file(file) == reference
            if same:
                opened: IO[bytes] = self._files.open(path, "rb")
                return opened
        except FileNotFoundError as error:
            raise NotFoundError(f"There is no object {reference}. Upload it before you submit it.") from error
        raise NotFoundError(f"The stored bytes of {reference} were changed. Restore the object store from backup.")

    def put_file(self, file: IO[bytes]) -> str:
        """`put` of what a seekable `file` holds from its beginning, piece by piece."""
        file.seek(0)
        reference = digest_of_file(file)
        path = self._path(reference)
        with _told_when_full():
            if not self._renewed(path):
                file.seek(0)
                self._write(path, file)
        return reference

    def exists(self, reference: str) -> bool:
        """Whether the object is here."""
        return bool(self._files.exists(self._path(reference)))

    def age(self, reference: str, *, now: datetime) -> timedelta | None:
        """How long ago the object was put last; None: it is not here."""
        try:
            put: datetime = self._files.modified(self._path(reference))
        except FileNotFoundError:
            return None
        return now - (put if put.tzinfo else put.replace(tzinfo=UTC))

    def remove(self, reference: str) -> bool:
        """Remove the object; False: it was not here. For retention alone, which knows that nothing refers to it.

        A bucket of S3 that keeps versions keeps none of this object. One that is killed in between is to be called
        again: then the object may not be here any more, and versions of it are.

        Raises:
            PermissionError: we may not remove it, or may not see or remove its versions.
        """
        path = self._path(reference)
        removed = hasattr(self._files, "call_s3") and self._remove_versions(path)
        if not self._is_folder and not self._files.exists(path):  # S3 removes what is not here, too
            return removed
        try:
            self._files.rm_file(path)
        except FileNotFoundError:
            return removed
        return True

    def _remove_versions(self, path: str) -> bool:
        """All versions of the object and the markers of its removal; whether there was a version with bytes."""
        bucket, key, _ = self._files.split_path(path)
        removed = False
        while True:
            found = self._files.call_s3("list_object_versions", Bucket=bucket, Prefix=key)
            kept, markers = (
                [e for e in found.get(kind, ()) if e["Key"] == key] for kind in ("Versions", "DeleteMarkers")
            )
            for each in (*kept, *markers):
                self._files.call_s3("delete_object", Bucket=bucket, Key=key, VersionId=each["VersionId"])
            self._files.invalidate_cache(path)
            removed = removed or bool(kept)
            if not (kept or markers):
                return removed

    def _renewed(self, path: str) -> bool:
        """Whether the object is here; its age begins anew, so that retention leaves alone what is about to be used."""
        if self._is_folder:
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
            return True
        if not self._files.exists(path):
            return False
        return bool(datetime.now(UTC) - self._files.modified(path) < RENEWAL)

    def _path(self, reference: str) -> str:
        if not _REFERENCE.fullmatch(reference):
            raise InputError(f"{reference!r} is not an object reference: sha256: and 64 hex digits.", field="objects")
        digest = reference.removeprefix("sha256:")
        return f"{self._root}/{digest[:2]}/{digest}"

    def _write(self, path: str, source: IO[bytes]) -> None:
        if self._is_folder:
            _write_durably(Path(path), source)
            return
        if isinstance(source, BytesIO):
            self._files.pipe_file(path, source.getvalue())  # S3 shows an object only when all of it is there
            return
        target = self._files.open(path, "wb", autocommit=False)
        try:
            shutil.copyfileobj(source, target)
            target.close()
        except BaseException:
            target.discard()
            raise
        target.commit()


@contextmanager
def _told_when_full() -> Iterator[None]:
    """An OSError of the file system in our words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise StoreUnavailableError(f"{StoreUnavailableError.__doc__} ({error.strerror or error})") from error
        raise StoreFullError(f"{StoreFullError.__doc__} ({error.strerror or error})") from error


def _write_durably(path: Path, source: IO[bytes]) -> None:
    """Write beside and rename, with both on disk before we return: a crash leaves the whole object or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
