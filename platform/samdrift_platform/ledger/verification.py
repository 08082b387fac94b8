"""Holds the whole record to itself: every event to its hash, every statement to its event, checkpoints to the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from samdrift_registry.keys import TrustedKeys
    from samdrift_registry.statements import SignedStatement


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What `verify` found: how much holds, and the first thing that does not."""

    #: Events that hold, from the first on.
    rows: int
    #: Statements compared with the chain, and checkpoints among them.
    statements: int = 0
    checkpoints: int = 0
    #: The first bad event, where the fault is one of an event or can be told by one.
    first_bad_seq: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """Nothing was changed, removed or put in."""
        return not self.why


def verify(
    connection: sa.Connection, trusted: TrustedKeys | None = None, *, kept: Sequence[SignedStatement] = ()
) -> Verification:
    """Recompute every hash from the first row on; compare statements, signatures and checkpoints with the chain.

    Args:
        connection: one consistent view (`Ledger.read`).
        trusted: the keys by which signatures are checked; None: they are only compared with the chain.
        kept: checkpoints that an auditor took away earlier: against whoever owns database and key.
    """
    raise NotImplementedError
