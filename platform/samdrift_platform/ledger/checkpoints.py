"""Signed checkpoints: the audit chain's head as a statement, so that not even its owner can write it anew."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from samdrift_registry.keys import SigningKey
    from samdrift_registry.statements import SignedStatement


def checkpoint(connection: sa.Connection, key: SigningKey, *, now: datetime) -> SignedStatement | None:
    """Sign the chain's head and keep that as a statement; None: nothing has happened since the last one.

    Call it in a `Ledger.write()`; the registrar does so every hour.
    """
    raise NotImplementedError
