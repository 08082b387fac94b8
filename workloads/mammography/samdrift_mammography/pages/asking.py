"""What every page of this workload asks for: who reads, what time it is, and the worklist up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends

from samdrift_mammography.worklist.following import catch_up
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.shell import Shell, current_shell


def now() -> datetime:
    """The time the page is made."""
    return datetime.now(UTC)


SignedIn = Annotated[Shell, Depends(current_shell)]
Now = Annotated[datetime, Depends(now)]


def ledger_of(shell: Shell) -> Ledger:
    """The ledger that the application holds."""
    ledger: Ledger = shell.request.app.state.ledger
    return ledger


def reader_of(shell: Shell) -> str:
    """Who is signed in: the reader, as decisions name them."""
    return shell.user or ""


@contextmanager
def worklist_of(shell: Shell) -> Iterator[sa.Connection]:
    """A view of the ledger in which the worklist holds everything that was recorded before the page was asked for."""
    ledger = ledger_of(shell)
    catch_up(ledger)
    with ledger.read() as connection:
        yield connection
