"""The manifests and the model folders of an installation: what a replica asks before it loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from samdrift_registry import durable
from samdrift_registry.errors import ManifestMissingError, MisplacedManifestError, WrongDigestError
from samdrift_registry.keys import TrustedKeys, trusted_keys
from samdrift_registry.manifest import SignedManifest, verify
from samdrift_registry.verified import VerifiedModel


@dataclass(frozen=True)
class ManifestStore:
    """`<home>/manifests/<name>/<version>.json`, `<home>/models/<digest>/` and `<home>/keys/`."""

    home: Path

    @property
    def keys_folder(self) -> Path:
        """Where the signing key and the trusted keys are."""
        return self.home / "keys"

    def folder(self, digest: str) -> Path:
        """Where the files with this digest are, once they are there."""
        return self.home / "models" / digest.removeprefix("sha256:")

    def get(self, name: str, version: int) -> SignedManifest:
        """The manifest of a version. Its signature is not checked here: `verified` does.

        Raises:
            ManifestMissingError: there is none.
            ManifestUnreadableError: it is not what Samdrift wrote.
            MisplacedManifestError: it is that of another version.
        """
        try:
            data = self._path(name, version).read_bytes()
        except FileNotFoundError as error:
            raise ManifestMissingError.about(f"{name} version {version}") from error
        signed = SignedManifest.from_bytes(data)
        if (signed.manifest.name, signed.manifest.version) != (name, version):
            raise MisplacedManifestError.about(f"{name} version {version}")
        return signed

    def find(self, name: str, version: int) -> SignedManifest | None:
        """As `get`, but None when there is none."""
        return self.get(name, version) if self._path(name, version).exists() else None

    def list(self) -> list[SignedManifest]:
        """All manifests, by name and version. Raises ManifestUnreadableError as `get` does."""
        paths = (self.home / "manifests").glob("*/[0-9]*.json")
        found = [SignedManifest.from_bytes(path.read_bytes()) for path in paths]
        return sorted(found, key=lambda signed: (signed.manifest.name, signed.manifest.version))

    def add(self, signed: SignedManifest) -> None:
        """Store a manifest for good; FileExistsError when the version has one, which stays as it is."""
        durable.write_new(self._path(signed.manifest.name, signed.manifest.version), signed.to_bytes(), mode=0o444)

    def replace(self, signed: SignedManifest) -> None:
        """Put the same manifest with another signature in its place; ValueError when it is not the same manifest."""
        manifest = signed.manifest
        if self.get(manifest.name, manifest.version).manifest != manifest:
            raise ValueError(f"{manifest.name} version {manifest.version} has another manifest")
        durable.replace(self._path(manifest.name, manifest.version), signed.to_bytes(), mode=0o444)

    def verified(self, name: str, version: int, digest: str, *, trusted: TrustedKeys | None = None) -> VerifiedModel:
        """The files of the pinned version, checked against manifest and signature now, each time anew.

        Args:
            name: registered name.
            version: MLflow's version number.
            digest: the digest that was pinned when the version was deployed.
            trusted: public keys from elsewhere (an auditor's copy); the home's own otherwise.

        Raises:
            ManifestMissingError: the version was never taken in.
            WrongDigestError: the manifest has another digest than the pinned one.
            VerificationError: what `manifest.verify` finds.
        """
        signed = self.get(name, version)
        if signed.manifest.digest != digest:
            raise WrongDigestError.about(f"{name} version {version} is {signed.manifest.digest}, pinned was {digest}")
        return verify(signed, self.folder(digest), trusted or trusted_keys(self.keys_folder))

    def _path(self, name: str, version: int) -> Path:
        # A name is MLflow's to allow; as a folder it may neither climb nor hide.
        return self.home / "manifests" / quote(name, safe="").replace(".", "%2E") / f"{version}.json"
