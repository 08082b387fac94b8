"""Changes the signing key: everything that holds is signed again with a new key, then the old one ends.

A signature of an ended key is worth nothing, because whoever finds an old key could date anything back to its time.
A rotation may be killed at any moment and run again: the new key waits in `next.pem` until all is signed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from samdrift_registry.durable import exclusive, sync_folder
from samdrift_registry.errors import UnknownKeyError
from samdrift_registry.keys import SIGNING, SigningKey, TrustedKeys, end_key, make_key, read_key, trusted_keys
from samdrift_registry.manifest import SignedManifest, sign
from samdrift_registry.store import ManifestStore

NEXT = "next.pem"

#: Signs again, with the new key, what is kept elsewhere and holds under the trusted keys: the ledger's statements.
Resign = Callable[[SigningKey, TrustedKeys], int]


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What a rotation did."""

    key_id: str
    #: Signed again in this run.
    manifests: int
    statements: int
    #: Keys that ended with it.
    ended: tuple[str, ...]


def rotate(home: Path, resign: Resign, *, now: datetime | None = None) -> Rotated:
    """Make a new signing key, sign everything again, and end every other key.

    The key that signs until now counts here even past its end: whoever rotates vouches for what it signed in its time.
    A key that an earlier rotation ended does not: nothing rests on it any more, so what it signs is somebody's who
    found it.

    Raises:
        UnknownKeyError, BadSignatureError, ExpiredKeyError: something is not signed by a key that counts. Nothing was
            signed again, nothing ended.
        KeyExposedError, KeyUnreadableError: a key cannot be used.
    """
    store, moment = ManifestStore(home), now or datetime.now(UTC)
    folder = store.keys_folder
    with exclusive(home / "registry" / "lock"):
        key, trusted = _next_key(folder, moment), _counting(folder)
        _check_manifests(store, trusted)
        manifests, statements = _sign_manifests(store, key, trusted), resign(key, trusted)
        (folder / NEXT).replace(folder / SIGNING)
        sync_folder(folder)
        # What a running process signed with the old key while the first pass was under way.
        manifests, statements = manifests + _sign_manifests(store, key, trusted), statements + resign(key, trusted)
        ended = tuple(sorted(trusted.keys.keys() - {key.key_id}))
        for old in ended:
            end_key(folder, old, moment)
    return Rotated(key_id=key.key_id, manifests=manifests, statements=statements, ended=ended)


def _next_key(folder: Path, now: datetime) -> SigningKey:
    """The key that waits since a rotation that was killed, or a new one."""
    if not (folder / NEXT).exists():
        make_key(folder, NEXT, now=now)
    key = read_key(folder, NEXT)
    if key.key_id not in trusted_keys(folder).keys:
        raise UnknownKeyError.about(key.key_id)
    return key


def _counting(folder: Path) -> TrustedKeys:
    """The trusted keys, of which the one that signs until now has no end."""
    if not (folder / SIGNING).exists():
        make_key(folder, SIGNING)
    return trusted_keys(folder).without_end_of(read_key(folder, SIGNING).key_id)


def _check_manifests(store: ManifestStore, trusted: TrustedKeys) -> None:
    for signed in store.list():
        trusted.check(signed.key_id, signed.signature, signed.manifest.canonical())


def _sign_manifests(store: ManifestStore, key: SigningKey, trusted: TrustedKeys) -> int:
    """Sign again whatever manifest another key signed; how many."""
    others = [signed for signed in store.list() if signed.key_id != key.key_id]
    for signed in others:
        store.replace(_signed_again(signed, key, trusted))
    return len(others)


def _signed_again(signed: SignedManifest, key: SigningKey, trusted: TrustedKeys) -> SignedManifest:
    trusted.check(signed.key_id, signed.signature, signed.manifest.canonical())
    return sign(signed.manifest, key)
