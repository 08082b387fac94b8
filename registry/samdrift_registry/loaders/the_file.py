"""Finds the one file of a format in a verified model's folder."""

from __future__ import annotations

from pathlib import Path

from samdrift_registry.errors import OtherKindError
from samdrift_registry.verified import VerifiedModel


def the_file(model: VerifiedModel, suffix: str) -> Path:
    """The file whose name ends in `suffix`; OtherKindError when there is none, or more than one."""
    found = sorted(path for path in model.folder.rglob(f"*{suffix}") if path.is_file())
    if len(found) != 1:
        raise OtherKindError.about(f"{model.name} version {model.version} holds {len(found)} {suffix} files, not one")
    return found[0]
