"""Copies a stranger's folder into ours: plain files in allowed formats, bounded, and on disk when it returns."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from samdrift_registry.durable import sync_folder
from samdrift_registry.errors import TooLargeError, UnreadableArtefactError
from samdrift_registry.inventory import file_paths, open_plain

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one scan takes on."""

    #: New versions; the rest waits for the next scan.
    versions: int = 20
    #: Files of one version.
    files: int = 200
    #: All files of one version together.
    size_bytes: int = 2 << 30
    #: Scans that try to read a version's artefacts before it is refused for good.
    attempts: int = 3


def copy_folder(source: Path, target: Path, limits: Limits) -> None:
    """Copy all files below `source` into the empty folder `target`, read-only.

    Raises:
        UnreadableArtefactError: `source` is not a folder, or holds nothing.
        EscapingPathError, ForbiddenFormatError, UnprintableNameError: as `inventory` does.
        TooLargeError: more files or bytes than `limits` admits; copying stops there.
        OSError: a file cannot be read, or the disk is full.
    """
    if not source.is_dir():
        raise UnreadableArtefactError.about(f"{source} is not a folder")
    left = limits.size_bytes
    for count, relative in enumerate(file_paths(source), start=1):
        if count > limits.files:
            raise TooLargeError.about(f"more than {limits.files} files")
        left -= _copy_file(source / relative, target / relative, left)
    if left == limits.size_bytes and not any(target.iterdir()):
        raise UnreadableArtefactError.about(f"{source} holds no file")
    for parent, _, _ in os.walk(target):
        sync_folder(Path(parent))


def _copy_file(source: Path, target: Path, left: int) -> int:
    """Bytes copied; `left` is how many there may be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copied = 0
    with open_plain(source) as reader, target.open("xb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            copied += len(chunk)
            if copied > left:
                raise TooLargeError.about(str(source.name))
            writer.write(chunk)
        writer.flush()
        os.fchmod(writer.fileno(), 0o444)
        os.fsync(writer.fileno())
    return copied
