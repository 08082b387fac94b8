"""Reads files of the home folder that documents quote, each held to the digest by which it was signed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from samdrift_evaluation.report import Report
from samdrift_registry.errors import ChangedFileError
from samdrift_registry.inventory import open_plain
from samdrift_registry.manifest import Manifest
from samdrift_registry.proof import report_path
from samdrift_registry.store import ManifestStore

#: A longer text is not quoted.
LONGEST_BYTES = 1 << 20


def report(home: Path, digest: str) -> Report | None:
    """The report of that digest; None: it is not kept any more. ChangedFileError: it was edited."""
    data = _checked(report_path(home, digest), digest.removeprefix("sha256:"))
    return None if data is None else Report.from_bytes(data)


def of_model(home: Path, manifest: Manifest, path: str) -> bytes | None:
    """A text file of the model; None: it has none of that name, or one that is too long. ChangedFileError as above."""
    for file in manifest.files:
        if file.path == path and file.size_bytes <= LONGEST_BYTES:
            return _checked(ManifestStore(home).folder(manifest.digest) / path, file.sha256)
    return None


def _checked(path: Path, sha256: str) -> bytes | None:
    if not path.exists():
        return None
    with open_plain(path) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ChangedFileError.about(str(path))
    return data
