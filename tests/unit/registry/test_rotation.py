"""A key is changed: everything is signed again, the old key ends, and a kill at any moment costs nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samdrift_registry.errors import (
    BadSignatureError,
    ExpiredKeyError,
    KeyExposedError,
    UnknownKeyError,
    VerificationError,
)
from samdrift_registry.inventory import digest_of, inventory
from samdrift_registry.keys import LIFETIME, SigningKey, TrustedKeys, end_key, signing_key, trusted_keys
from samdrift_registry.manifest import Manifest, sign
from samdrift_registry.rotation import rotate
from samdrift_registry.store import ManifestStore

NOW = datetime.now(UTC)


@dataclass
class Documents:
    """Signed documents that are kept elsewhere, as the ledger keeps statements."""

    path: Path
    texts: list[str] = field(default_factory=list)

    def add(self, text: str, key: SigningKey) -> None:
        with self.path.open("a") as file:
            file.write(f"{text} {key.key_id} {key.sign(text.encode()).hex()}\n")

    def check(self, trusted: TrustedKeys) -> None:
        for text, key_id, signature in self._rows():
            trusted.check(key_id, bytes.fromhex(signature), text.encode())

    def resign(self, key: SigningKey, trusted: TrustedKeys) -> int:
        rows = self._rows()
        lines, again = [], 0
        for text, key_id, signature in rows:
            if key_id != key.key_id:
                trusted.check(key_id, bytes.fromhex(signature), text.encode())
                key_id, signature, again = key.key_id, key.sign(text.encode()).hex(), again + 1
            lines.append(f"{text} {key_id} {signature}\n")
        draft = self.path.with_suffix(".draft")
        draft.write_text("".join(lines))
        draft.replace(self.path)
        return again

    def _rows(self) -> list[list[str]]:
        return [line.split() for line in self.path.read_text().splitlines()]


class Home:
    """Two versions with signed manifests, and two documents."""

    def __init__(self, root: Path, model: Path) -> None:
        self.root, self.store = root, ManifestStore(root)
        key = signing_key(self.keys)
        files = inventory(model)
        self.digest = digest_of(files)
        shutil.copytree(model, self.store.folder(self.digest))
        for version in (1, 2):
            self.store.add(sign(self.manifest(model, version), key))
        self.documents = Documents(root / "documents")
        self.documents.add("approved", key)
        self.documents.add("deployed", key)

    @property
    def keys(self) -> Path:
        return self.store.keys_folder

    def manifest(self, model: Path, version: int) -> Manifest:
        files = inventory(model)
        return Manifest(
            name="cow",
            version=version,
            source="s",
            run_id=None,
            created_at=datetime(2026, 11, 24, tzinfo=UTC),
            files=files,
            digest=digest_of(files),
        )

    def check(self) -> None:
        """As a replica does."""
        for version in (1, 2):
            self.store.verified("cow", version, self.digest)
        self.documents.check(trusted_keys(self.keys))


@pytest.fixture
def home(tmp_path: Path, model: Path) -> Home:
    return Home(tmp_path / "home", model)


def test_everything_is_signed_again_and_the_old_key_ends(home: Home) -> None:
    old = signing_key(home.keys)
    rotated = rotate(home.root, home.documents.resign)
    assert (rotated.manifests, rotated.statements, rotated.ended) == (2, 2, (old.key_id,))
    assert signing_key(home.keys).key_id == rotated.key_id != old.key_id
    home.check()
    with pytest.raises(ExpiredKeyError, match="samdrift keys rotate"):
        trusted_keys(home.keys).check(old.key_id, old.sign(b"back-dated"), b"back-dated")
    assert {path.name for path in home.keys.iterdir()} == {"signing.pem", "trusted"}


def test_the_manifests_say_what_they_said(home: Home) -> None:
    before = [signed.manifest for signed in home.store.list()]
    rotate(home.root, home.documents.resign)
    assert [signed.manifest for signed in home.store.list()] == before
    assert (home.root / "manifests" / "cow" / "1.json").stat().st_mode & 0o777 == 0o444


def test_an_expired_key_is_refused_everywhere_until_it_is_rotated(home: Home) -> None:
    end_key(home.keys, signing_key(home.keys).key_id, NOW - timedelta(days=1))
    with pytest.raises(ExpiredKeyError, match="samdrift keys rotate"):
        home.check()
    with pytest.raises(ExpiredKeyError):
        signing_key(home.keys)
    rotate(home.root, home.documents.resign)
    home.check()


def test_a_key_lives_for_its_lifetime(home: Home) -> None:
    trusted, key = trusted_keys(home.keys), signing_key(home.keys)
    made = trusted.ends[key.key_id] - LIFETIME
    assert NOW - timedelta(seconds=1) <= made <= datetime.now(UTC)  # the file says whole seconds
    trusted.check(key.key_id, key.sign(b"x"), b"x", now=made + LIFETIME - timedelta(seconds=1))
    with pytest.raises(ExpiredKeyError):
        trusted.check(key.key_id, key.sign(b"x"), b"x", now=made + LIFETIME)


def test_an_end_is_never_put_off(home: Home) -> None:
    key = signing_key(home.keys)
    end_key(home.keys, key.key_id, NOW - timedelta(days=2))
    end_key(home.keys, key.key_id, NOW + timedelta(days=900))
    assert trusted_keys(home.keys).ends[key.key_id] < NOW


def test_a_key_that_an_earlier_rotation_ended_launders_nothing_in_the_next(home: Home, model: Path) -> None:
    found_later = signing_key(home.keys)
    rotate(home.root, home.documents.resign)
    home.documents.add("approved-by-nobody", found_later)
    with pytest.raises(ExpiredKeyError):
        rotate(home.root, home.documents.resign)
    home.documents.path.write_text("")
    home.store.replace(sign(home.manifest(model, 2), found_later))
    with pytest.raises(ExpiredKeyError):
        rotate(home.root, home.documents.resign)


def forged(home: Home, model: Path) -> None:
    path = home.root / "manifests" / "cow" / "2.json"
    data = path.read_bytes().replace(b'"signature":"', b'"signature":"00')
    path.unlink()
    path.write_bytes(data)


def strange(home: Home, model: Path) -> None:
    home.store.replace(sign(home.manifest(model, 2), signing_key(home.root.parent / "theirs")))


@pytest.mark.parametrize(("spoil", "error"), [(forged, BadSignatureError), (strange, UnknownKeyError)])
def test_what_does_not_hold_is_not_signed_again_and_nothing_else_is(
    home: Home, model: Path, spoil: Callable[[Home, Path], None], error: type[VerificationError]
) -> None:
    key = signing_key(home.keys)
    spoil(home, model)
    with pytest.raises(error):
        rotate(home.root, home.documents.resign)
    assert home.store.get("cow", 1).key_id == key.key_id == signing_key(home.keys).key_id
    home.documents.check(trusted_keys(home.keys))


def test_an_exposed_next_key_is_not_used(home: Home) -> None:
    def killed(*_: object) -> int:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        rotate(home.root, killed)
    (home.keys / "next.pem").chmod(0o644)
    with pytest.raises(KeyExposedError):
        rotate(home.root, home.documents.resign)


def rotate_and_die(home: Home, at: int) -> bool:
    """Rotate in a child that kills itself just before its `at`-th operation on a file of the home; whether it died."""
    child = os.fork()
    if child == 0:
        left = at

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if (event == "open" or event.startswith("os.")) and arguments and str(home.root) in str(arguments[0]):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            rotate(home.root, home.documents.resign)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # the child touches files only
def test_a_kill_at_any_file_operation_leaves_everything_verifiable_and_can_be_run_again(
    tmp_path: Path, model: Path
) -> None:
    deaths = 0
    while rotate_and_die(home := Home(tmp_path / f"home{deaths}", model), deaths + 1):
        deaths += 1
        home.check()
        signing_key(home.keys)
        rotate(home.root, home.documents.resign)
        home.check()
        ends = trusted_keys(home.keys).ends
        assert [key_id for key_id, end in ends.items() if end > datetime.now(UTC)] == [signing_key(home.keys).key_id]
    assert deaths > 30
