"""A model version whose files were checked against a signed manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class VerifiedModel:
    """What a replica may load: made only by `manifest.verify`, never by hand outside tests."""

    name: str
    #: MLflow's version number.
    version: int
    #: `sha256:` and 64 hex digits over the manifest's file list.
    digest: str
    #: The folder that holds exactly the files of the manifest.
    folder: Path
