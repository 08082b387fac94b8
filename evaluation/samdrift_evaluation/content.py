"""What a report is about: a model's content, whatever evaluation was put beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

#: The report that a supplier sends along; it cannot be part of what it is about.
SUPPLIER_REPORT = "evaluation.json"


def content_digest(folder: Path) -> str:
    """`sha256:` over path, size and SHA-256 of every file below `folder`, without the supplier's report.

    The same as the registry's `content_digest` of the same files.
    """
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    entries = [_entry(folder, path) for path in paths if path != SUPPLIER_REPORT]
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _entry(folder: Path, path: str) -> dict[str, str | int]:
    data = (folder / path).read_bytes()
    return {"path": path, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
