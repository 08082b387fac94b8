"""Keyed pseudonyms: what stands for a person in the ledger, and nobody without the home's key can trace back.

A plain digest of a civil registration number is no protection: all of them can be tried in seconds. HMAC-SHA256
(RFC 2104) with a random key of 256 bits cannot be tried. The key never leaves the home; with it gone, so is every link.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from samdrift_platform import cpr
from samdrift_platform.settings import load

KEY_FILE = "keys/pseudonyms.key"
_KEY_BYTES = 32


def pseudonym(kind: str, identifier: str, *, home: Path | None = None) -> str:
    """What stands for `identifier` of the `kind` ("cpr", "patient-id"), always the same in one home: 64 hex digits.

    Spaces around it do not count, nor does the hyphen of a civil registration number: people write it both ways.
    `home` is the settings' by default; its key is made when there is none yet.
    """
    key = _key(home or load().home)
    return hmac.new(key, f"{kind}\x1f{written_once(identifier)}".encode(), hashlib.sha256).hexdigest()


def written_once(identifier: str) -> str:
    """`identifier` without spaces around it and, for a civil registration number, without its hyphen."""
    return cpr.compact(identifier) or identifier.strip()


def _key(home: Path) -> bytes:
    path = home / KEY_FILE
    if not path.is_file():
        _make(path)
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def _make(path: Path) -> None:
    """Two processes that both find no key agree on the one that is linked first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(new, path)
    except FileExistsError:
        return  # another process was first
    finally:
        new.unlink(missing_ok=True)
