"""A folder of files as an object store: what is scored where it lies, without a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from samdrift_mammography.errors import NoFilesError
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.errors import NotFoundError


def files_below(folder: Path) -> list[Path]:
    """Every file below `folder`, in the order of their names; hidden ones are left out.

    Raises:
        NoFilesError: there is none.
    """
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    shown = sorted(name for name in names if not any(part.startswith(".") for part in name.parts))
    if not shown:
        raise NoFilesError(f"There is no file below {folder}. Name the folder that holds the DICOM files.")
    return [folder / name for name in shown]


class FolderStore:
    """Reads the files that it was given by the digest of their bytes; what is put into it stays in memory.

    Every exam is judged with a copy of its own, so pictures go with the exam; the policy comes along to all of them.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        """`paths` is object reference -> file."""
        self._paths = dict(paths)
        self._kept: dict[str, bytes] = {}

    @classmethod
    def of(cls, files: Sequence[Path]) -> FolderStore:
        """Reads every file once to know its digest."""
        return cls({digest_of_bytes(path.read_bytes()): path for path in files})

    @property
    def references(self) -> tuple[str, ...]:
        """The objects in the order of the files; two files with the same bytes are one."""
        return tuple(self._paths)

    def path(self, reference: str) -> Path:
        """The file that holds `reference`."""
        return self._paths[reference]

    def put(self, data: bytes) -> str:
        """Keep `data` in memory; its reference."""
        reference = digest_of_bytes(data)
        self._kept[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes of a file, or what was put; NotFoundError when the folder changed meanwhile."""
        if reference in self._kept:
            return self._kept[reference]
        data = self._paths[reference].read_bytes() if reference in self._paths else b""
        if digest_of_bytes(data) != reference:
            raise NotFoundError(f"{reference} is not in the folder any more. Start again when nothing writes to it.")
        return data
