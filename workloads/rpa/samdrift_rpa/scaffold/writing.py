"""Fills the template in."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from samdrift_platform.errors import ConflictError, InputError

#: File in the template -> where it goes; `{name}` is the process's.
_PLACES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "__init__.py.txt": "{name}/__init__.py",
    "process.py.txt": "{name}/process.py",
    "test_process.py.txt": "tests/test_process.py",
}

_LONGEST_TITLE = 60


@dataclass(frozen=True, kw_only=True)
class NewProcess:
    """What a new process is called."""

    #: lower_snake_case: also the package's name.
    name: str
    title_da: str = ""
    title_en: str = ""

    def __post_init__(self) -> None:
        """InputError where the name would not do for a process or a Python package."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,40}", self.name):
            raise InputError(
                f"{self.name!r} is no name for a process: lower_snake_case, 2 to 41 characters.", field="name"
            )
        if keyword.iskeyword(self.name) or self.name in sys.stdlib_module_names or self.name.startswith("samdrift"):
            raise InputError(
                f"A package cannot be called {self.name!r}: Python has that word. Take another.", field="name"
            )

    @property
    def _words(self) -> dict[str, str]:
        spoken = self.name.replace("_", " ").capitalize()
        danish, english = self.title_da or spoken, self.title_en or spoken
        return {
            "name": self.name,
            "dashed": self.name.replace("_", "-"),
            "title_da": _quoted(danish),
            "title_en": _quoted(english),
            "lower_da": _quoted(danish[:1].lower() + danish[1:]),
            "lower_en": _quoted(english[:1].lower() + english[1:]),
        }

    def written(self) -> Iterator[tuple[str, str]]:
        """Path below the new folder, and content."""
        for source, place in _PLACES.items():
            text = (files("samdrift_rpa") / "scaffold" / "template" / source).read_text(encoding="utf-8")
            yield place.format(name=self.name), Template(text).substitute(self._words)
        yield f"{self.name}/py.typed", ""


def write(new: NewProcess, folder: Path) -> list[Path]:
    """Write the package into `folder`, which must not exist or be empty; the files.

    Raises:
        ConflictError: there is something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"{folder} is there already, and is not empty. Name another folder with --folder.")
    written = []
    for place, text in new.written():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _quoted(text: str) -> str:
    """Fit for a string in Python and TOML."""
    if '"' in text or "\\" in text or not text.isprintable() or len(text) > _LONGEST_TITLE:
        raise InputError(
            f"{text!r} cannot be a title: at most {_LONGEST_TITLE} characters, no quotes, backslashes and line breaks.",
            field="title",
        )
    return text
