"""Pages for who looks into things: alarms, and one decision replayed."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_platform.evidence.replay import replay
from samdrift_platform.governance.permissions import Duty
from samdrift_platform.portal.models import governance_of, may
from samdrift_platform.portal.pages import SignedIn
from samdrift_platform.portal.shell import Shell

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)


@router.get("/alarms")
def alarms(shell: SignedIn, done: str = "") -> HTMLResponse:
    """What a person must look at, and what was found when somebody did."""
    return alarms_page(shell, done=done)


@router.get("/items/{item_id}/evidence")
def evidence(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One decision end to end, each part held against what was recorded of it."""
    state = shell.request.app.state
    with state.ledger.read() as connection:
        found = replay(connection, state.settings.home, item_id)
    return shell.page("evidence.html", replay=found)


def alarms_page(shell: Shell, *, done: str = "", trouble: str = "", status: int = 200) -> HTMLResponse:
    """The inbox of alarms; `trouble`: why what was just asked was not done."""
    found = governance_of(shell).alarms()
    return shell.page(
        "alarms.html",
        status=status,
        open=[alarm for alarm in found if alarm.settled is None],
        settled=[alarm for alarm in found if alarm.settled is not None],
        may_settle=may(shell, Duty.SETTLE),
        done=done,
        trouble=trouble,
    )
