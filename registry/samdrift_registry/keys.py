"""The Ed25519 key that signs manifests, and the public keys whose signatures are trusted here.

A keys folder holds `signing.pem` (mode 0600) and, for every trusted key, `trusted/<key id>.pub`: the key in hex, and
until when it is believed. To withdraw a key, remove its `.pub` file: what it signed is refused from then on.
`rotation` makes a new key in good time and has everything signed again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_registry.durable import replace, write_new
from samdrift_registry.errors import (
    BadSignatureError,
    ExpiredKeyError,
    KeyExposedError,
    KeyUnreadableError,
    UnknownKeyError,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNING, TRUSTED = "signing.pem", "trusted"
#: How long a new key is believed. NIST SP 800-57 Part 1 Rev. 5, table 1: one to three years for a private signing key.
LIFETIME = timedelta(days=730)


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """Signs; never shows itself."""

    key_id: str
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self._private.sign(data)


@dataclass(frozen=True, kw_only=True)
class TrustedKeys:
    """Public keys by key id."""

    #: Key id -> 32 raw bytes.
    keys: Mapping[str, bytes]
    #: Key id -> until when it is believed; aware. A key that is not listed has no end.
    ends: Mapping[str, datetime] = field(default_factory=dict)

    def without_ends(self) -> TrustedKeys:
        """The same keys, believed for ever: only for what somebody vouches for who kept it since its key's time."""
        return TrustedKeys(keys=self.keys)

    def without_end_of(self, key_id: str) -> TrustedKeys:
        """The same keys, of which this one is believed for ever: only for signing again what it signed in its time."""
        return TrustedKeys(keys=self.keys, ends={known: end for known, end in self.ends.items() if known != key_id})

    def check(self, key_id: str, signature: bytes, data: bytes, *, now: datetime | None = None) -> None:
        """Return when `key_id` is trusted at `now` (by default the clock's) and signed `data`.

        Raises:
            UnknownKeyError: the key is not among the trusted ones.
            ExpiredKeyError: it is, and past its end.
            BadSignatureError: the signature is not this key's over `data`.
        """
        if key_id not in self.keys:
            raise UnknownKeyError.about(key_id)
        self.check_end(key_id, now or datetime.now(UTC))
        _verify(self.keys[key_id], signature, data)

    def check_end(self, key_id: str, now: datetime) -> None:
        """Return when the key has not ended at `now`; ExpiredKeyError if it has."""
        end = self.ends.get(key_id)
        if end is not None and now >= end:
            raise ExpiredKeyError.about(f"{key_id} ended {end:%Y-%m-%d %H:%M} UTC")


@lru_cache(maxsize=4096)
def _verify(public: bytes, signature: bytes, data: bytes) -> None:
    """Return when `signature` is that of `public` over `data`; BadSignatureError if not.

    What held over the same bytes is kept, since every act of governance reads the whole journal; whether the key is
    still trusted is asked each time.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature as error:
        raise BadSignatureError from error


def signing_key(folder: Path) -> SigningKey:
    """The key of this keys folder; the first call makes it and trusts it.

    Raises:
        KeyExposedError: group or others may read the key's file.
        KeyUnreadableError: the file is not an Ed25519 key in PEM.
        UnknownKeyError: its public key was withdrawn, so nothing it signs would be accepted.
        ExpiredKeyError: it is past its end; rotate.
    """
    path = folder / SIGNING
    if not path.exists():
        make_key(folder, SIGNING)
    trusted = trusted_keys(folder)
    key = read_key(folder, SIGNING)
    if key.key_id not in trusted.keys:
        raise UnknownKeyError.about(key.key_id)
    trusted.check_end(key.key_id, datetime.now(UTC))
    return key


def read_key(folder: Path, name: str) -> SigningKey:
    """The private key in the file `name`, whatever is trusted. Raises KeyExposedError, KeyUnreadableError."""
    path = folder / name
    if path.stat().st_mode & 0o077:
        raise KeyExposedError.about(str(path))
    private = _read_private(path)
    return SigningKey(key_id=_key_id(private.public_key().public_bytes_raw()), _private=private)


def trusted_keys(folder: Path) -> TrustedKeys:
    """The trusted public keys of this keys folder.

    Raises:
        KeyUnreadableError: a file is not the key that its name says.
    """
    found = {path.stem: _read_public(path) for path in sorted((folder / TRUSTED).glob("*.pub"))}
    return TrustedKeys(
        keys={key_id: public for key_id, (public, _) in found.items()},
        ends={key_id: end for key_id, (_, end) in found.items() if end is not None},
    )


def make_key(folder: Path, name: str, *, now: datetime | None = None) -> None:
    """Make a key in the file `name` and trust it for LIFETIME; a key that is there stays.

    Public key first: a kill in between leaves a trusted key that nobody holds, which is harmless.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    text = _public_text(public, (now or datetime.now(UTC)) + LIFETIME)
    write_new(folder / TRUSTED / f"{_key_id(public)}.pub", text)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with suppress(FileExistsError):  # another process made one meanwhile: its key is the key
        write_new(folder / name, pem, mode=0o600)


def end_key(folder: Path, key_id: str, end: datetime) -> None:
    """Believe a trusted key until `end` and no longer; an earlier end stays."""
    path = folder / TRUSTED / f"{key_id}.pub"
    public, known = _read_public(path)
    if known is None or end < known:
        replace(path, _public_text(public, end))


def _public_text(public: bytes, end: datetime) -> bytes:
    """The key, its end, and a checksum: a damaged end must not be taken for another end."""
    told = f"{public.hex()}\nuntil {end.astimezone(UTC).isoformat(timespec='seconds')}\n"
    return f"{told}{_checksum(told.encode())}\n".encode()


def _checksum(told: bytes) -> str:
    return hashlib.sha256(told).hexdigest()[:16]


def _read_private(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnreadableError.about(str(path)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnreadableError.about(str(path))
    return private


def _read_public(path: Path) -> tuple[bytes, datetime | None]:
    data = path.read_bytes()
    found = re.fullmatch(rb"([0-9a-f]{64})\n(?:until (\S+)\n([0-9a-f]{16})\n)?", data)
    if found is None or (found[3] is not None and found[3].decode() != _checksum(data[:-17])):
        raise KeyUnreadableError.about(str(path))
    public = bytes.fromhex(found[1].decode())
    if _key_id(public) != path.stem:
        raise KeyUnreadableError.about(str(path))
    return public, None if found[2] is None else datetime.fromisoformat(found[2].decode())


def _key_id(public: bytes) -> str:
    return "ed25519-" + hashlib.sha256(public).hexdigest()[:32]
