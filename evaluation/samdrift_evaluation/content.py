"""What a report is about: a model's content, whatever evaluation was put beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from samdrift_evaluation.errors import EvaluationError

#: The report that a supplier sends along; it cannot be part of what it is about.
SUPPLIER_REPORT = "evaluation.json"


class LinkInModelError(EvaluationError):
    """A model's folder holds a link. Put the file itself there: what a link leads to can change afterwards."""


def content_digest(folder: Path) -> str:
    """`sha256:` over path, size and SHA-256 of every file below `folder`, without the supplier's report.

    The same as the registry's `content_digest` of the same files.

    Raises:
        LinkInModelError: the folder or something in it is a link.
    """
    found = [folder, *folder.rglob("*")]
    if link := next((path for path in found if path.is_symlink()), None):
        raise LinkInModelError(f"{link.name} is a link. {LinkInModelError.__doc__}")
    paths = sorted(path.relative_to(folder).as_posix() for path in found if path.is_file())
    entries = [_entry(folder, path) for path in paths if path != SUPPLIER_REPORT]
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _entry(folder: Path, path: str) -> dict[str, str | int]:
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"path": path, "size_bytes": file.tell(), "sha256": digest}
