"""What pages of this workload ask for: who looks, what time it is, and the table of cases up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import sqlalchemy as sa
from fastapi import Depends

from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.shell import Shell, current_shell
from samdrift_rpa.process import Process
from samdrift_rpa.statistics import WORKLOAD
from samdrift_rpa.statistics.following import catch_up


def now() -> datetime:
    """The time the page is made."""
    return datetime.now(UTC)


SignedIn = Annotated[Shell, Depends(current_shell)]
Now = Annotated[datetime, Depends(now)]


def processes_of(shell: Shell) -> Mapping[str, Process[Any, Any]]:
    """The processes that the workload hosts, by name."""
    return cast(Any, shell.workloads[WORKLOAD]).processes  # type: ignore[no-any-return]  # as RobotWorkload has them


def ledger_of(shell: Shell) -> Ledger:
    """The ledger that the application holds."""
    ledger: Ledger = shell.request.app.state.ledger
    return ledger


@contextmanager
def cases_of(shell: Shell) -> Iterator[sa.Connection]:
    """A view of the ledger in which the table of cases holds all that was recorded before the page was asked."""
    ledger = ledger_of(shell)
    catch_up(ledger)
    with ledger.read() as connection:
        yield connection
