"""What every page of this workload asks for: who looks, what time it is, and the list of plans up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Path

from samdrift_energy_forecast.plan_list.following import catch_up
from samdrift_energy_forecast.plans.reasons import Language
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.shell import Shell, current_shell


def now() -> datetime:
    """The time the page is made."""
    return datetime.now(UTC)


SignedIn = Annotated[Shell, Depends(current_shell)]
Now = Annotated[datetime, Depends(now)]
BuildingId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


def ledger_of(shell: Shell) -> Ledger:
    """The ledger that the application holds."""
    ledger: Ledger = shell.request.app.state.ledger
    return ledger


def user_of(shell: Shell) -> str:
    """Who is signed in, as overrides name them."""
    return shell.user or ""


def language_of(shell: Shell) -> Language:
    """Of the page."""
    return "da" if shell.language == "da" else "en"


@contextmanager
def plans_of(shell: Shell) -> Iterator[sa.Connection]:
    """A view of the ledger in which the list of plans holds everything that was recorded before the page was asked."""
    ledger = ledger_of(shell)
    catch_up(ledger)
    with ledger.read() as connection:
        yield connection
