"""Digests of content: what makes two things the same thing."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import IO, Any

_PIECE_BYTES = 1 << 18
# Made once: `json.dumps` makes one for each value.
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of_bytes(data: bytes) -> str:
    """`sha256:` and 64 hex digits over `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of_file(file: IO[bytes]) -> str:
    """`digest_of_bytes` of what is left of `file`, which is read piece by piece."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return "sha256:" + digest.hexdigest()


def digest_of(value: Mapping[str, Any]) -> str:
    """`sha256:` over the canonical JSON of `value`: sorted keys, no spaces, UTF-8."""
    return digest_of_bytes(_canonical(value))


def new_salt() -> str:
    """128 random bits, hex: the key of one work item's digests."""
    return secrets.token_hex(16)


def keyed_digest_of(salt: str, value: Mapping[str, Any]) -> str | None:
    """`hmac-sha256:` and 64 hex digits over the canonical JSON of `value`, keyed with `salt` (RFC 2104).

    A plain digest of a short content (a CPR number and a date) can be found by trying all of them. This one cannot,
    and once the salt is erased nothing tells what it was a digest of. None: there is no salt (any more).
    """
    if not salt:
        return None
    return "hmac-sha256:" + hmac.new(bytes.fromhex(salt), _canonical(_as_kept(value)), hashlib.sha256).hexdigest()


def _as_kept(value: Any) -> Any:
    """Whole numbers as integers: PostgreSQL's JSONB gives -0.0 back as 0.0 and 1e+16 as an integer."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _as_kept(each) for key, each in value.items()}
    return [_as_kept(each) for each in value] if isinstance(value, list | tuple) else value


def _canonical(value: Mapping[str, Any]) -> bytes:
    return _encoder.encode(value).encode()
