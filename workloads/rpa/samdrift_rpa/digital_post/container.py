"""Several letters in one file: Digital Post's container, MeMo messages in a tar that is compressed with LZMA.

A container is read twice, like a message: once to its end, so that nothing of a broken one is used, and then letter by
letter into the store. Nothing is written anywhere by the names in it.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post import refusal
from samdrift_rpa.digital_post.content import IN_MEMORY_BYTES
from samdrift_rpa.digital_post.inflating import Inflated, broken, is_compressed
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.stored import PIECE_BYTES, kept, opened

#: Letters in one container, at most; entries that are none, such as folders, count too.
MOST_LETTERS = 10_000
_BEGINNING_BYTES = 6


def is_container(store: Store, reference: str) -> bool:
    """Whether the object begins as a container does; NotFoundError when there is none."""
    with opened(store, reference) as file:
        return is_compressed(file.read(_BEGINNING_BYTES))


def check(store: Store, reference: str) -> None:
    """Read a container to its end.

    Raises:
        MessageRefusedError: it is broken, too large, or holds what no container may; the whole of it is refused.
    """
    with opened(store, reference) as file:
        if not sum(1 for _ in _files(file)):
            raise _no_letters()


def letters_in(store: Store, reference: str) -> Iterator[str]:
    """References of its letters, each stored, in their order; MessageRefusedError before the first one is."""
    check(store, reference)
    with opened(store, reference) as file:
        yield from (kept(store, letter) for letter in _files(file))


def _files(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Each letter, at its beginning; it is there until the next one is asked for."""
    source = Inflated(file)
    try:
        with tarfile.open(fileobj=cast(IO[bytes], source), mode="r:") as archive:
            for number, entry in enumerate(archive, start=1):
                if number > MOST_LETTERS:
                    raise _no_letters()
                if _is_file(entry, number):
                    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as letter:
                        shutil.copyfileobj(cast(IO[bytes], archive.extractfile(entry)), letter, PIECE_BYTES)
                        letter.seek(0)
                        yield cast(IO[bytes], letter)
            source.finish()
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise broken() from error


def _is_file(entry: tarfile.TarInfo, number: int) -> bool:
    """Whether it is a letter; False: a folder. MessageRefusedError where it is anything else."""
    path = PurePosixPath(entry.name)
    within = not path.is_absolute() and ".." not in path.parts and "\\" not in entry.name
    plain = entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) and not entry.issparse()
    if not (within and plain):
        raise MessageRefusedError("container_entry", refusal.CONTAINER_ENTRY, number=str(number))
    return not entry.isdir()


def _no_letters() -> MessageRefusedError:
    return MessageRefusedError("container_letters", refusal.CONTAINER_LETTERS, most=str(MOST_LETTERS))
