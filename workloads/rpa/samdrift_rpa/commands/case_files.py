"""Files as cases: a document each where a process's input is one document, JSON cases otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from samdrift_platform.errors import InputError
from samdrift_rpa.object_reference import document_field
from samdrift_rpa.process import Process

Bundle: TypeAlias = Callable[[Mapping[str, bytes]], Iterable[tuple[str, Mapping[str, Any]]]]


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A case, and the file that it came in."""

    file: Path
    case: Mapping[str, Any]


def cases_in(process: Process[Any, Any], files: Sequence[Path], put: Callable[[bytes], str]) -> Sequence[CaseFile]:
    """The cases in `files`, in their order; documents are stored by `put`.

    Raises:
        InputError: a file cannot be read, or holds no case; `field` names the file.
    """
    if process.bundle is not None:
        return _bundled(process.bundle, files, put)
    name = document_field(process.given)
    if name is not None:
        return [CaseFile(file=file, case={name: put(read(file))}) for file in files]
    return [CaseFile(file=file, case=case) for file in files for case in _json_cases(file)]


def _bundled(bundle: Bundle, files: Sequence[Path], put: Callable[[bytes], str]) -> list[CaseFile]:
    contents = {file: read(file) for file in files}
    references = {file: put(content) for file, content in contents.items()}
    came_in = {reference: file for file, reference in reversed(references.items())}
    documents = {reference: contents[file] for file, reference in references.items()}
    return [CaseFile(file=came_in[reference], case=case) for reference, case in bundle(documents)]


def received_at(files: Sequence[Path]) -> datetime:
    """When the newest of the files was written: the same files are the same submission, whenever they are sent."""
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)


def read(file: Path) -> bytes:
    """The bytes of a file; InputError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}. Check the path.", field=str(file)) from error


def _json_cases(file: Path) -> list[dict[str, Any]]:
    """One case, or a list of them."""
    try:
        found = json.loads(read(file))
    except ValueError as error:
        raise InputError(f"{file} is not JSON: {error}. Correct the file.", field=str(file)) from error
    cases = found if isinstance(found, list) else [found]
    if not cases or not all(isinstance(case, dict) for case in cases):
        raise InputError(
            f"{file} holds no case. Put a case's fields between braces, or a list of cases.", field=str(file)
        )
    return cases
