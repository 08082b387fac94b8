"""Changes the signing key: everything that holds is signed again with a new key, then the old one ends.

A signature of an ended key is worth nothing, because whoever finds an old key could date anything back to its time.
Rotation may be killed at any moment and run again: the new key waits in `next.pem` until all is signed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from samdrift_registry.durable import exclusive, sync_folder
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

    A key that is past its end still counts here if it is trusted: whoever rotates vouches for what it signed in its
    time. One whose `.pub` file was removed does not.

    Raises:
        UnknownKeyError, BadSignatureError: something is not signed by a trusted key. Nothing more was changed.
        KeyExposedError, KeyUnreadableError: a key cannot be used.
    """
    store = ManifestStore(home)
    with exclusive(home / "registry" / "lock"):
        if not (store.keys_folder / NEXT).exists():
            make_key(store.keys_folder, NEXT, now=now)
        key = read_key(store.keys_folder, NEXT)
        trusted = trusted_keys(store.keys_folder).without_ends()
        manifests, statements = _sign_manifests(store, key, trusted), resign(key, trusted)
        (store.keys_folder / NEXT).replace(store.keys_folder / SIGNING)
        sync_folder(store.keys_folder)
        # What a running process signed with the old key while the first pass was under way.
        manifests, statements = manifests + _sign_manifests(store, key, trusted), statements + resign(key, trusted)
        ended = tuple(sorted(trusted.keys.keys() - {key.key_id}))
        for old in ended:
            end_key(store.keys_folder, old, now or datetime.now(UTC))
    return Rotated(key_id=key.key_id, manifests=manifests, statements=statements, ended=ended)


def _sign_manifests(store: ManifestStore, key: SigningKey, trusted: TrustedKeys) -> int:
    """Sign again whatever manifest another key signed; how many."""
    others = [signed for signed in store.list() if signed.key_id != key.key_id]
    for signed in others:
        store.replace(_signed_again(signed, key, trusted))
    return len(others)


def _signed_again(signed: SignedManifest, key: SigningKey, trusted: TrustedKeys) -> SignedManifest:
    trusted.check(signed.key_id, signed.signature, signed.manifest.canonical())
    return sign(signed.manifest, key)
