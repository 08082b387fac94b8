"""The keys that evidence is encrypted with: one file in the home folder, the newest first."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_platform.errors import SamdriftError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

#: Below the home folder; one Fernet key a line (AES-128-CBC and HMAC-SHA256, github.com/fernet/spec).
KEY_FILE = "keys/evidence.keys"


class EvidenceKeyError(SamdriftError):
    """This evidence was encrypted with a key that is not in the key file any more, or it was changed."""


class EvidenceKeys:
    """Encrypts with the newest key, decrypts with any. The file is made when it is first needed."""

    def __init__(self, home: Path) -> None:
        """The keys of the installation in `home`."""
        self._path = home / KEY_FILE

    @property
    def newest(self) -> str:
        """Fingerprint of the key that encrypts now."""
        return fingerprint(self._keys()[0])

    def encrypt(self, content: bytes) -> bytes:
        """With the newest key."""
        return self._fernet().encrypt(content)

    def decrypt(self, content: bytes) -> bytes:
        """With whichever key it was encrypted with; EvidenceKeyError when none fits."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(content)
        except InvalidToken as error:
            raise EvidenceKeyError from error

    def rotate(self, in_use: Collection[str]) -> str:
        """Put a new key first, and drop those that no evidence `in_use` (fingerprints) needs; the new fingerprint.

        The one that was newest stays: what it has just encrypted may not be recorded yet.
        """
        from cryptography.fernet import Fernet

        new = Fernet.generate_key().decode()
        newest, *older = self._keys()
        kept = [key for key in older if fingerprint(key) in in_use]
        self._write([new, newest, *kept], replace=True)
        return fingerprint(new)

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._keys()])

    def _keys(self) -> list[str]:
        from cryptography.fernet import Fernet

        if not self._path.is_file():
            self._write([Fernet.generate_key().decode()], replace=False)
        return self._path.read_text(encoding="ascii").split()

    def _write(self, keys: list[str], *, replace: bool) -> None:
        """Durably and for the owner alone; two processes that both find no file agree on the one linked first."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write("\n".join(keys) + "\n")
                file.flush()
                os.fsync(file.fileno())
            if replace:
                new.replace(self._path)
            else:
                os.link(new, self._path)
        except FileExistsError:
            return  # another process was first
        finally:
            new.unlink(missing_ok=True)


def fingerprint(key: str) -> str:
    """What tells one key from another, and tells nobody the key: 16 hex digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]
