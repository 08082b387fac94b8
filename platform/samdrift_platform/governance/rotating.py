"""Signs the ledger's statements again when the signing key changes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_platform.ledger import statements as kept
from samdrift_platform.ledger.database import take_turns
from samdrift_registry.rotation import Rotated, rotate
from samdrift_registry.statements import sign_statement

if TYPE_CHECKING:
    from samdrift_platform.ledger.database import Ledger
    from samdrift_registry.keys import SigningKey, TrustedKeys


def rotate_key(ledger: Ledger, home: Path, *, actor: str) -> Rotated:
    """Change the signing key of `home`; manifests and statements are signed again. May be killed and run again.

    Raises:
        UnknownKeyError, BadSignatureError: something was not signed by a trusted key; find out who wrote it.
    """
    return rotate(home, partial(_sign_again, ledger, actor))


def _sign_again(ledger: Ledger, actor: str, key: SigningKey, trusted: TrustedKeys) -> int:
    """Add a signature of `key` to every statement that another key signed last; how many. One transaction."""
    with ledger.write() as connection:
        take_turns(connection, kept.TURN)
        others = [signed for signed in kept.everything(connection) if signed.key_id != key.key_id]
        for signed in others:
            trusted.check(signed.key_id, signed.signature, signed.statement.canonical())
            kept.add_signature(connection, sign_statement(signed.statement, key), actor=actor, now=datetime.now(UTC))
    return len(others)
