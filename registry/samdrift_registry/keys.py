"""The Ed25519 key that signs manifests, and the public keys whose signatures are trusted here.

A keys folder holds `signing.pem` (mode 0600) and, for every trusted key, `trusted/<key id>.pub`.
To withdraw a key, remove its `.pub` file: what it signed is refused from then on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_registry.durable import write_new
from samdrift_registry.errors import BadSignatureError, KeyExposedError, KeyUnreadableError, UnknownKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


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

    def check(self, key_id: str, signature: bytes, data: bytes) -> None:
        """Return when `key_id` is trusted and signed `data`.

        Raises:
            UnknownKeyError: the key is not among the trusted ones.
            BadSignatureError: the signature is not this key's over `data`.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if key_id not in self.keys:
            raise UnknownKeyError.about(key_id)
        try:
            Ed25519PublicKey.from_public_bytes(self.keys[key_id]).verify(signature, data)
        except InvalidSignature as error:
            raise BadSignatureError from error


def signing_key(folder: Path) -> SigningKey:
    """The key of this keys folder; the first call makes it and trusts it.

    Raises:
        KeyExposedError: group or others may read the key's file.
        KeyUnreadableError: the file is not an Ed25519 key in PEM.
        UnknownKeyError: its public key was withdrawn, so nothing it signs would be accepted.
    """
    path = folder / "signing.pem"
    if not path.exists():
        _make(folder, path)
    if path.stat().st_mode & 0o077:
        raise KeyExposedError.about(str(path))
    private = _read_private(path)
    key_id = _key_id(private.public_key().public_bytes_raw())
    if key_id not in trusted_keys(folder).keys:
        raise UnknownKeyError.about(key_id)
    return SigningKey(key_id=key_id, _private=private)


def trusted_keys(folder: Path) -> TrustedKeys:
    """The trusted public keys of this keys folder.

    Raises:
        KeyUnreadableError: a file is not the key that its name says.
    """
    return TrustedKeys(keys={path.stem: _read_public(path) for path in sorted((folder / "trusted").glob("*.pub"))})


def _make(folder: Path, path: Path) -> None:
    """Public key first: a kill in between leaves a trusted key that nobody holds, which is harmless."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    write_new(folder / "trusted" / f"{_key_id(public)}.pub", public.hex().encode() + b"\n")
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with suppress(FileExistsError):  # another process made one meanwhile: its key is the key
        write_new(path, pem, mode=0o600)


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


def _read_public(path: Path) -> bytes:
    text = path.read_bytes()
    if not re.fullmatch(rb"[0-9a-f]{64}\n", text):
        raise KeyUnreadableError.about(str(path))
    public = bytes.fromhex(text.decode())
    if _key_id(public) != path.stem:
        raise KeyUnreadableError.about(str(path))
    return public


def _key_id(public: bytes) -> str:
    return "ed25519-" + hashlib.sha256(public).hexdigest()[:32]
