"""Large objects read and kept piece by piece, where the store can; through memory where it cannot."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Protocol, cast, runtime_checkable

from samdrift_platform.contract import Store

PIECE_BYTES = 1 << 16


@runtime_checkable
class _Streams(Protocol):
    def open(self, reference: str) -> IO[bytes]: ...


@runtime_checkable
class _TakesFiles(Protocol):
    def put_file(self, file: IO[bytes]) -> str: ...


def opened(store: Store, reference: str) -> IO[bytes]:
    """The object as a file, to be closed; NotFoundError as `Store.get` raises it."""
    return store.open(reference) if isinstance(store, _Streams) else BytesIO(store.get(reference))


def kept(store: Store, file: object) -> str:
    """Keep what `file` (at its beginning) holds; its reference."""
    content = cast(IO[bytes], file)
    return store.put_file(content) if isinstance(store, _TakesFiles) else store.put(content.read())
