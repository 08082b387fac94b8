from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_registry.errors import (
    BadSignatureError,
    ChangedFileError,
    EscapingPathError,
    ExtraFileError,
    ForbiddenFormatError,
    ManifestMissingError,
    ManifestUnreadableError,
    MisplacedManifestError,
    MissingFileError,
    UnknownKeyError,
    UnprintableNameError,
    VerificationError,
    WrongDigestError,
)
from samdrift_registry.inventory import FileEntry, digest_of, inventory
from samdrift_registry.keys import SigningKey, signing_key
from samdrift_registry.manifest import Manifest, SignedManifest, sign
from samdrift_registry.store import ManifestStore
from samdrift_registry.verified import VerifiedModel


def manifest_of(folder: Path, **changes: Any) -> Manifest:
    files = inventory(folder)
    values: dict[str, Any] = {
        "name": "cow",
        "version": 1,
        "source": "models:/m-1",
        "run_id": "r1",
        "created_at": datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
        "files": files,
        "digest": digest_of(files),
    }
    return Manifest(**{**values, **changes})


class Home:
    """A registry's home with one version of one model, and a way to ask for it as a replica does."""

    def __init__(self, root: Path, model: Path) -> None:
        self.store = ManifestStore(root)
        self.key: SigningKey = signing_key(self.store.keys_folder)
        self.manifest = manifest_of(model)
        self.folder = self.store.folder(self.manifest.digest)
        shutil.copytree(model, self.folder)
        self.sign(self.manifest)

    @property
    def path(self) -> Path:
        return self.store.home / "manifests" / "cow" / "1.json"

    def sign(self, manifest: Manifest, key: SigningKey | None = None) -> None:
        self.path.unlink(missing_ok=True)
        self.store.add(sign(manifest, key or self.key))

    def ask(self) -> VerifiedModel:
        return self.store.verified("cow", 1, self.manifest.digest)


@pytest.fixture
def home(tmp_path: Path, model: Path) -> Home:
    return Home(tmp_path / "home", model)


def test_what_was_signed_is_verified(home: Home) -> None:
    model = home.ask()
    assert model == VerifiedModel(name="cow", version=1, digest=home.manifest.digest, folder=home.folder)
    assert [signed.manifest for signed in home.store.list()] == [home.manifest]


def test_digests_are_sha256_of_the_files_and_of_their_list(home: Home) -> None:
    card = next(file for file in home.manifest.files if file.path == "card.md")
    assert card == FileEntry(path="card.md", size_bytes=13, sha256=hashlib.sha256(b"# One number\n").hexdigest())
    listed = "".join(
        f'{{"path":"{file.path}","sha256":"{file.sha256}","size_bytes":{file.size_bytes}}},'
        for file in home.manifest.files
    )
    assert home.manifest.digest == "sha256:" + hashlib.sha256(f"[{listed[:-1]}]".encode()).hexdigest()


def change_one_byte(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)


def link_to_same_content(folder: Path) -> None:
    (folder.parent / "elsewhere.md").write_bytes((folder / "card.md").read_bytes())
    (folder / "card.md").unlink()
    (folder / "card.md").symlink_to(folder.parent / "elsewhere.md")


def link_the_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("tamper", "error", "told"),
    [
        (change_one_byte, ChangedFileError, "model.safetensors"),
        (lambda folder: (folder / "card.md").write_text("# Another\n"), ChangedFileError, "card.md"),
        (lambda folder: (folder / "card.md").unlink(), MissingFileError, "card.md"),
        (shutil.rmtree, MissingFileError, "sha256|models"),
        (lambda folder: (folder / "more.json").write_text("{}"), ExtraFileError, "more.json"),
        (lambda folder: (folder / "model.pkl").write_bytes(pickle.dumps(1)), ForbiddenFormatError, "model.pkl"),
        (lambda folder: (folder / "hook.py").write_text("print()"), ForbiddenFormatError, "hook.py"),
        (link_to_same_content, EscapingPathError, "card.md"),
        (link_the_folder, EscapingPathError, "models"),
        (lambda folder: (folder / "up").symlink_to("/"), EscapingPathError, "up"),
        (lambda folder: os.mkfifo(folder / "pipe.json"), EscapingPathError, "pipe.json"),
        (lambda folder: (folder / "a\n.md").write_text(""), UnprintableNameError, r"'a\\n.md'"),
    ],
)
def test_tampered_files_are_refused(
    home: Home, tamper: Callable[[Path], object], error: type[VerificationError], told: str
) -> None:
    tamper(home.folder)
    with pytest.raises(error, match=told) as caught:
        home.ask()
    assert type(caught.value) is error


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy", ".so", ".PKL", ""])
def test_formats_that_can_run_code_are_refused(home: Home, suffix: str) -> None:
    (home.folder / f"model{suffix}").write_bytes(b"")
    with pytest.raises(ForbiddenFormatError, match="safetensors"):
        home.ask()


def test_a_manifest_edited_after_signing_is_refused(home: Home) -> None:
    text = home.path.read_text()
    home.path.unlink()
    home.path.write_text(text.replace('"run_id":"r1"', '"run_id":"r2"'))
    with pytest.raises(BadSignatureError):
        home.ask()


def test_a_manifest_signed_by_another_key_is_refused(home: Home, tmp_path: Path) -> None:
    home.sign(home.manifest, signing_key(tmp_path / "stranger"))
    with pytest.raises(UnknownKeyError):
        home.ask()


def test_a_manifest_of_another_version_is_refused(home: Home) -> None:
    other = sign(replace(home.manifest, version=2), home.key)
    home.path.unlink()
    home.path.write_bytes(other.to_bytes())
    with pytest.raises(MisplacedManifestError):
        home.ask()


def test_a_signed_list_that_does_not_fit_its_digest_is_refused(home: Home) -> None:
    home.sign(replace(home.manifest, files=home.manifest.files[1:]))
    with pytest.raises(WrongDigestError):
        home.ask()


def test_another_digest_than_the_pinned_one_is_refused(home: Home) -> None:
    with pytest.raises(WrongDigestError, match="pinned was sha256:0000"):
        home.store.verified("cow", 1, "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "path", ["../card.md", "/etc/card.md", "a/../card.md", "./card.md", "a//card.md", "a\\card.md"]
)
def test_a_signed_path_that_leaves_the_folder_is_refused(home: Home, path: str) -> None:
    files = (replace(home.manifest.files[0], path=path), *home.manifest.files[1:])
    home.sign(replace(home.manifest, files=files, digest=digest_of(files)))
    shutil.copytree(home.folder, home.store.folder(digest_of(files)))
    with pytest.raises(EscapingPathError):
        home.store.verified("cow", 1, digest_of(files))


def test_a_signed_pickle_is_refused_all_the_same(home: Home) -> None:
    files = (*home.manifest.files, replace(home.manifest.files[0], path="model.pkl"))
    home.sign(replace(home.manifest, files=files, digest=digest_of(files)))
    with pytest.raises(ForbiddenFormatError):
        home.store.verified("cow", 1, digest_of(files))


def test_another_format_of_manifest_is_not_guessed_at(home: Home) -> None:
    home.sign(replace(home.manifest, format="samdrift-manifest/3"))
    with pytest.raises(ManifestUnreadableError, match="samdrift-manifest/3"):
        home.ask()


def test_an_unknown_version_has_no_manifest(home: Home) -> None:
    with pytest.raises(ManifestMissingError, match="cow version 9"):
        home.store.verified("cow", 9, home.manifest.digest)
    assert home.store.find("cow", 9) is None


def test_a_manifest_is_never_replaced(home: Home) -> None:
    before = home.path.read_bytes()
    with pytest.raises(FileExistsError):
        home.store.add(sign(replace(home.manifest, run_id="r2"), home.key))
    assert home.path.read_bytes() == before
    assert [path.name for path in home.path.parent.iterdir()] == ["1.json"]


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", ".hidden", "æble kage"])
def test_a_name_cannot_climb_out_of_the_manifests(home: Home, name: str) -> None:
    signed = sign(replace(home.manifest, name=name), home.key)
    home.store.add(signed)
    assert home.store.get(name, 1) == signed
    written = [path for path in home.store.home.rglob("1.json") if path.parent.parent == home.path.parent.parent]
    assert len(written) == 2


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"manifest": {}}', b"[" * 100_000, b'{"manifest":{"files":7}}']
)
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestUnreadableError):
        SignedManifest.from_bytes(data)


def test_the_same_manifest_written_otherwise_is_refused(home: Home) -> None:
    pretty = json.dumps(json.loads(home.path.read_bytes()), indent=1).encode()
    with pytest.raises(ManifestUnreadableError):
        SignedManifest.from_bytes(pretty)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples, deadline=None
)
@given(data=st.data())
def test_any_single_changed_byte_anywhere_is_refused(home: Home, data: st.DataObject) -> None:
    """In the model's files or in the manifest with its signature: each byte, each other value."""
    path = data.draw(st.sampled_from([home.path, *sorted(home.folder.iterdir())]))
    good = path.read_bytes()
    place, flip = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(1, 255))
    mode = path.stat().st_mode
    try:
        path.chmod(0o644)
        path.write_bytes(good[:place] + bytes([good[place] ^ flip]) + good[place + 1 :])
        with pytest.raises(VerificationError):
            home.ask()
    finally:
        path.write_bytes(good)
        path.chmod(mode)
    home.ask()
