"""Documents that name files: each is stored, and its reference takes the name's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samdrift_platform.errors import InputError

_PREFIX = "object:"


def with_objects(document: Mapping[str, Any], given: Sequence[str], store: Callable[[bytes], str]) -> dict[str, Any]:
    """`document` with every `"object:NAME"` replaced by the reference of the file that `NAME=PATH` gives.

    Nothing is stored before every name has its file and every file its name.

    Raises:
        InputError: a name without a file, a file without a name, or a file that cannot be read.
    """
    paths = dict(_parse(one) for one in given)
    named = set(_names(document))
    if missing := sorted(named - paths.keys()):
        raise InputError(f"The document names object:{missing[0]}. Add --object {missing[0]}=PATH.", field="object")
    if unused := sorted(paths.keys() - named):
        raise InputError(
            f'The document does not name {unused[0]}. Write "object:{unused[0]}" where its reference belongs.',
            field="object",
        )
    contents = {name: _read(path) for name, path in paths.items()}
    references = {_PREFIX + name: store(data) for name, data in contents.items()}
    replaced: dict[str, Any] = _replace(document, references)
    return replaced


def _parse(given: str) -> tuple[str, Path]:
    name, separator, path = given.partition("=")
    if not (name and separator and path):
        raise InputError(f"--object {given}: write NAME=PATH, such as --object image=exam.dcm.", field="object")
    return name, Path(path)


def _names(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [name for member in value.values() for name in _names(member)]
    if isinstance(value, list):
        return [name for member in value for name in _names(member)]
    return [value.removeprefix(_PREFIX)] if isinstance(value, str) and value.startswith(_PREFIX) else []


def _replace(value: Any, references: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _replace(member, references) for name, member in value.items()}
    if isinstance(value, list):
        return [_replace(member, references) for member in value]
    return references.get(value, value) if isinstance(value, str) else value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Check the path.", field="object") from error
