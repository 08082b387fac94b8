"""LZMA inflated piece by piece, in bounded memory and to a bounded size."""

from __future__ import annotations

import io
import lzma
from typing import IO

from samdrift_rpa.digital_post import refusal
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.stored import PIECE_BYTES

#: Bytes that all letters of a container may be together: where they hardly shrink, some 15 s of a CPU (twice 30 MB/s).
MOST_BYTES = 200_000_000
#: Letters of one sender shrink to a fiftieth; LZMA itself would let one byte become 7,000.
MOST_TIMES = 250
#: Below this much output nobody asks how much it grew.
_FREE_BYTES = 20_000_000
#: Memory of the decoder: as much as `xz -9` asks for, and some. The header of LZMA may ask for 4 GB.
_MOST_MEMORY_BYTES = 128 << 20
#: One read, at most: what tarfile reads at once beside contents are names, and those are short.
_MOST_AT_ONCE = 1 << 20
#: How LZMA alone begins with the parameters that everybody uses (lc=3, lp=0, pb=2), and how xz does.
_LZMA, _XZ = b"\x5d\x00\x00", b"\xfd7zXZ\x00"


def is_compressed(beginning: bytes) -> bool:
    """Whether a file that begins so is LZMA or xz; no XML begins like either."""
    return beginning.startswith((_LZMA, _XZ))


class Inflated:
    """What a compressed file holds, as a file that is read forward only.

    Raises on reading:
        MessageRefusedError: it is no LZMA, cut short, asks for much memory, or grows beyond all bounds.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Read `file` from where it stands."""
        self._file = file
        self._decoder = lzma.LZMADecompressor(memlimit=_MOST_MEMORY_BYTES)
        #: Compressed bytes that were read, what became of them, and how much of that was handed out.
        self._taken = self._given = self._position = 0
        #: What was read last.
        self.last = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        if not 0 <= size <= _MOST_AT_ONCE:
            raise broken()
        found = bytearray()
        while len(found) < size and (piece := self._piece(size - len(found))):
            found += piece
        self._position += len(found)
        self.last = bytes(found)
        return self.last

    def tell(self) -> int:
        """Bytes that were read."""
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Forward to `position`; what is skipped is inflated all the same."""
        if whence != io.SEEK_SET or position < self._position:
            raise broken()
        while self._position < position and self.read(min(PIECE_BYTES, position - self._position)):
            pass
        return self._position

    def finish(self) -> None:
        """Read to the end: where a tar ends, nothing but zeros may stand, and nothing behind the compressed bytes."""
        while self.last:
            if self.last.strip(b"\0"):
                raise broken()
            self.read(PIECE_BYTES)
        if self._decoder.unused_data or self._file.read(1):
            raise broken()

    def _piece(self, size: int) -> bytes:
        """Some bytes, at most `size`; empty at the end."""
        while not self._decoder.eof:
            data = self._file.read(PIECE_BYTES) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not data:
                raise broken()
            self._taken += len(data)
            try:
                piece = self._decoder.decompress(data, size)
            except lzma.LZMAError as error:
                raise broken() from error
            if piece:
                self._count(len(piece))
                return piece
        return b""

    def _count(self, size: int) -> None:
        self._given += size
        if self._given > MOST_BYTES or self._given > max(_FREE_BYTES, self._taken * MOST_TIMES):
            raise MessageRefusedError(
                "container_too_large",
                refusal.CONTAINER_TOO_LARGE,
                limit=f"{MOST_BYTES / 1e6:g}",
                times=str(MOST_TIMES),
            )


def broken() -> MessageRefusedError:
    """It is no container, or not all of one."""
    return MessageRefusedError("container", refusal.CONTAINER_BROKEN)
