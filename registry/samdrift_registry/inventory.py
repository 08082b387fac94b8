"""What a model's folder holds, file by file, read without following links."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath

from samdrift_registry.errors import EscapingPathError, ForbiddenFormatError, UnprintableNameError

#: Formats that are numbers or text, never code. A pickle (.pkl, .pt, .pth, .bin) runs code when it is loaded.
#: What skops, LightGBM text and exported programs hold is looked into by `formats`.
ALLOWED_SUFFIXES = frozenset({".safetensors", ".json", ".md", ".txt", ".yaml", ".yml", ".skops", ".lgb", ".pt2"})
#: MLflow's own description of a model: YAML without a suffix.
ALLOWED_NAMES = frozenset({"MLmodel", "registered_model_meta", "LICENSE", "NOTICE"})

#: A report made by the model's supplier. It cannot be part of what it is about.
EVALUATION = "evaluation.json"


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of a model."""

    #: Relative to the model's folder, with forward slashes.
    path: str
    size_bytes: int
    #: SHA-256 of the content, 64 hex digits.
    sha256: str


def inventory(folder: Path) -> tuple[FileEntry, ...]:
    """Every file below `folder`, sorted by path.

    Raises:
        EscapingPathError: the folder or something in it is a link, a device or a pipe.
        ForbiddenFormatError: a file's format is not among ALLOWED_SUFFIXES and ALLOWED_NAMES.
        UnprintableNameError: a file's name holds control characters or is not UTF-8.
    """
    return tuple(_entry(folder, path) for path in sorted(file_paths(folder)))


def digest_of(files: Iterable[FileEntry]) -> str:
    """`sha256:` and 64 hex digits over the canonical JSON of the file list: the same content, the same digest."""
    return "sha256:" + hashlib.sha256(canonical_json([asdict(file) for file in files])).hexdigest()


def content_digest(files: Iterable[FileEntry]) -> str:
    """`digest_of` without the evaluation that a supplier may ship beside the model: what a report is about."""
    return digest_of(file for file in files if file.path != EVALUATION)


def canonical_json(value: object) -> bytes:
    """`value` in the one way that is signed: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def file_paths(folder: Path) -> Iterator[str]:
    """The relative paths of all files, each checked to be a plain file in an allowed format. Raises as `inventory`."""
    if folder.is_symlink():
        raise EscapingPathError.about(str(folder))
    for parent, folders, files in os.walk(folder, onerror=_reraise):
        for name in (*folders, *files):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            kind = path.lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise EscapingPathError.about(relative)
            if stat.S_ISREG(kind):
                check_format(relative)
                yield relative


def check_format(relative: str) -> None:
    """ForbiddenFormatError unless the file's name has an allowed format, UnprintableNameError if it cannot be shown."""
    if not relative.isprintable():
        raise UnprintableNameError.about(ascii(relative))
    name = PurePosixPath(relative)
    if name.suffix not in ALLOWED_SUFFIXES and name.name not in ALLOWED_NAMES:
        raise ForbiddenFormatError.about(relative)


def open_plain(path: Path) -> BufferedReader:
    """Open a file for reading, never through a link: OSError (ELOOP) when one took its place meanwhile."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _entry(folder: Path, relative: str) -> FileEntry:
    with open_plain(folder / relative) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileEntry(path=relative, size_bytes=file.tell(), sha256=digest)


def _reraise(error: OSError) -> None:
    raise error
