"""The signed list of a model version's files: what `verify` holds the files to before anything is loaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from samdrift_registry.errors import (
    ChangedFileError,
    EscapingPathError,
    ExtraFileError,
    ManifestUnreadableError,
    MissingFileError,
    WrongDigestError,
)
from samdrift_registry.inventory import FileEntry, canonical_json, check_format, digest_of, inventory
from samdrift_registry.keys import SigningKey, TrustedKeys
from samdrift_registry.origin import Description, Origin
from samdrift_registry.verified import VerifiedModel

#: Stands inside what is signed, so that a later format cannot be taken for this one.
FORMAT = "samdrift-manifest/2"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A model version's files and where they came from. MLflow forgets the origin when a version is deleted."""

    name: str
    #: MLflow's version number.
    version: int
    #: Where MLflow says the artefacts lie: `models:/m-…`, `runs:/…`, a URI or a folder.
    source: str
    run_id: str | None
    #: When the manifest was made; aware, UTC.
    created_at: datetime
    #: Sorted by path.
    files: tuple[FileEntry, ...]
    #: `digest_of(files)`: names the content, whatever it is called.
    digest: str
    #: Who, from which code and data, and what the tags declared.
    origin: Origin = field(default_factory=Origin)
    #: Kind of model, signature and requirements, as the files say.
    description: Description = field(default_factory=lambda: Description(kind="files"))
    format: str = FORMAT

    def canonical(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json(self.document())

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "created_at": self.created_at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class SignedManifest:
    """A manifest, who signed it, and the signature over `manifest.canonical()`."""

    manifest: Manifest
    key_id: str
    signature: bytes

    def to_bytes(self) -> bytes:
        """One line of canonical JSON: what is stored."""
        signed = {"manifest": self.manifest.document(), "key_id": self.key_id, "signature": self.signature.hex()}
        return canonical_json(signed) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedManifest:
        """Read what `to_bytes` wrote; a single other byte is an error, even one that JSON would not mind.

        Raises:
            ManifestUnreadableError: `data` is not a signed manifest in canonical form.
        """
        try:
            signed = cls._parsed(json.loads(data))
            same = signed.to_bytes() == data
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ManifestUnreadableError from error
        if not same:
            raise ManifestUnreadableError
        return signed

    @classmethod
    def _parsed(cls, document: dict[str, Any]) -> SignedManifest:
        fields = dict(document["manifest"])
        fields["created_at"] = datetime.fromisoformat(fields["created_at"])
        fields["files"] = tuple(FileEntry(**file) for file in fields["files"])
        fields["origin"] = Origin(**fields["origin"])
        told = fields["description"]
        fields["description"] = Description(**{**told, "requirements": tuple(told["requirements"])})
        signature = bytes.fromhex(document["signature"])
        return cls(manifest=Manifest(**fields), key_id=document["key_id"], signature=signature)


def sign(manifest: Manifest, key: SigningKey) -> SignedManifest:
    """`manifest` with the signature of `key`."""
    return SignedManifest(manifest=manifest, key_id=key.key_id, signature=key.sign(manifest.canonical()))


def verify(signed: SignedManifest, folder: Path, trusted: TrustedKeys) -> VerifiedModel:
    """Hold the files in `folder` to the manifest, and the manifest to its signature.

    Raises:
        VerificationError: one of its children, by the first thing that is wrong: format, key, signature,
            digest, a path that leaves the folder, a forbidden format, a missing, extra or changed file.
    """
    manifest = signed.manifest
    trusted.check(signed.key_id, signed.signature, manifest.canonical())
    if manifest.format != FORMAT:
        raise ManifestUnreadableError(f"The manifest has the format {manifest.format!r}; this Samdrift reads {FORMAT}.")
    if digest_of(manifest.files) != manifest.digest:
        raise WrongDigestError.about(f"{manifest.name} version {manifest.version}")
    for file in manifest.files:
        _check_path(file.path)
    _compare(manifest.files, folder)
    return VerifiedModel(name=manifest.name, version=manifest.version, digest=manifest.digest, folder=folder)


def _check_path(path: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or str(pure) != path or "\\" in path or "\0" in path:
        raise EscapingPathError.about(path)
    check_format(path)


def _compare(signed: tuple[FileEntry, ...], folder: Path) -> None:
    if not folder.is_dir():
        raise MissingFileError.about(str(folder))
    expected, there = {file.path: file for file in signed}, {file.path: file for file in inventory(folder)}
    if missing := sorted(expected.keys() - there.keys()):
        raise MissingFileError.about(", ".join(missing))
    if extra := sorted(there.keys() - expected.keys()):
        raise ExtraFileError.about(", ".join(extra))
    for path, file in expected.items():
        if there[path] != file:
            raise ChangedFileError.about(path)
