"""The key of an export: what turns identifiers into pseudonyms that nobody without it can trace back.

One key makes one set of pseudonyms: exports with the same key fit together, exports with another one do not. Whoever
destroys the key makes the link irreversible.
"""

from __future__ import annotations

import hashlib
import hmac
import stat
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from samdrift_evaluation.errors import SamdriftError

#: Bytes of a key at least (256 bits), and different values among them.
LEAST_BYTES, LEAST_VALUES = 32, 16
#: A woman's dates are moved back by 1 to so many days, always the same number for her.
MOST_DAYS = 3650


class WeakKeyError(SamdriftError):
    """The key of the export is missing or weak, so nothing was exported. Make one: openssl rand -hex 32 > FILE."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ExportKey:
    """A key that is strong enough; it shows itself nowhere."""

    secret: bytes

    def pseudonym(self, kind: str, identifier: str) -> str:
        """Twelve letters and digits for `identifier` of the `kind` ("patient", "study")."""
        return self._hashed(kind, identifier).hex()[:12].upper()

    def uid(self, uid: str) -> str:
        """A UID in place of `uid`, derived from a UUID (PS3.5 section B.2): the same one wherever it is referred to."""
        return f"2.25.{UUID(bytes=self._hashed('uid', uid)[:16], version=4).int}"

    def moved_back(self, woman: str) -> timedelta:
        """By how much the woman's dates are moved back: intervals between her exams stay as they are."""
        return timedelta(days=1 + int.from_bytes(self._hashed("days", woman)[:8]) % MOST_DAYS)

    def _hashed(self, kind: str, value: str) -> bytes:
        return hmac.new(self.secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()


def read_key(path: Path) -> ExportKey:
    """The key in a file: at least 64 hex digits of a random number, readable for its owner alone.

    Raises:
        WeakKeyError: it is missing, readable for others, too short, no hex digits, or nothing random.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(text)
    except OSError as error:
        raise WeakKeyError(f"The key cannot be read ({error.strerror}). {_HOW}", field="key") from error
    except ValueError as error:
        raise WeakKeyError(f"The key holds something else than hex digits. {_HOW}", field="key") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise WeakKeyError("Others can read the key. Keep it to yourself: chmod 600.", field="key")
    if len(secret) < LEAST_BYTES or len(Counter(secret)) < LEAST_VALUES:
        raise WeakKeyError(f"The key is short or not random: 256 random bits are needed. {_HOW}", field="key")
    return ExportKey(secret=secret)


_HOW = "Make one: openssl rand -hex 32 > FILE, and chmod 600 FILE."
