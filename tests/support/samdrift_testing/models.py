"""Tiny models, signed and stored as the registry does it."""

from __future__ import annotations

import json
import shutil
import struct
from datetime import UTC, datetime
from pathlib import Path

from samdrift_registry.inventory import digest_of, inventory
from samdrift_registry.keys import signing_key
from samdrift_registry.manifest import Manifest, sign
from samdrift_registry.store import ManifestStore


def write_number(folder: Path, value: float) -> Path:
    """A model of one number, in safetensors written by hand: header length, header, data."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", value))
    return folder


def take_in(home: Path, name: str, version: int, folder: Path) -> str:
    """Put a version's files and its signed manifest where replicas look for them; the digest."""
    store = ManifestStore(home)
    files = inventory(folder)
    digest = digest_of(files)
    shutil.copytree(folder, store.folder(digest))
    manifest = Manifest(
        name=name,
        version=version,
        source=folder.as_uri(),
        run_id=None,
        created_at=datetime.now(UTC),
        files=files,
        digest=digest,
    )
    store.add(sign(manifest, signing_key(store.keys_folder)))
    return digest
