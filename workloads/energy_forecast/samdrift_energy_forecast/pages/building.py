"""One building: what to set now and next, what a person chose instead, and what was planned before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.pages import figures
from samdrift_energy_forecast.pages.asking import BuildingId, Now, SignedIn, language_of, ledger_of, plans_of
from samdrift_energy_forecast.pages.plan import readable_plan
from samdrift_energy_forecast.pages.plan_view import PlanView
from samdrift_energy_forecast.pages.sending import Sent, sent_of
from samdrift_energy_forecast.plan_list import listing
from samdrift_energy_forecast.plan_list.listing import Listed
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.current import plan_that_holds
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.files import as_file
from samdrift_energy_forecast.plans.overrides import ManualOverride
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import items
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.shell import Shell

#: Earlier plans and overrides that the page lists.
HISTORY = 14


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A building as it stands now."""

    id: str
    name: str
    #: Its own time; None until a plan was made or it was registered.
    time_zone: str
    #: Whether plans are ordered for it from its registered description.
    is_registered: bool
    #: Its row in the list; None before the first order.
    listed: Listed | None
    override: ManualOverride | None
    #: Newest first.
    items: Sequence[WorkItem]
    overrides: Sequence[ManualOverride]


def building(shell: SignedIn, at: Now, building: BuildingId) -> HTMLResponse:
    """The building's page."""
    return building_page(shell, at, building)


def building_page(
    shell: Shell, at: datetime, building: str, *, status: int = 200, trouble: str = "", given: Mapping[str, str] = {}
) -> HTMLResponse:
    """The page, with what could not be done and what was `given` in the form of overrides."""
    found = standing(shell, at, building)
    plan = newest_plan(shell, found)
    view = None
    if plan is not None:
        view = PlanView(plan=overrides.overridden(plan, found.override), language=language_of(shell), at=at)
    return shell.page(
        "energy_forecast/building.html",
        status=status,
        found=found,
        view=view,
        spoken=language_of(shell),
        sent=_sent(shell, found),
        next_entry=_next_entry(plan, at),
        given=given,
        days=_days(at, found.time_zone),
        trouble=trouble,
        limits=overrides,
        drawn=figures,
        moment=datetime.fromisoformat,
    )


def current_file(shell: SignedIn, at: Now, building: BuildingId, suffix: str) -> Response:
    """The plan that holds, with what a person chose on top, as a file."""
    return as_file(plan_that_holds(ledger_of(shell), shell.store, building, now=at), suffix)


def standing(shell: Shell, at: datetime, building: str) -> Standing:
    """What is known of a building.

    Raises:
        NotFoundError: nothing is.
    """
    with plans_of(shell) as connection:
        listed = listing.one(connection, building, now=at)
        known = register.known(connection, [building]).get(building)
        if listed is None and known is None:
            raise NotFoundError(f"There is no building {building} here. Check its identifier.")
        found = _items(connection, listed)
        return Standing(
            id=building,
            name=known.description.name if known else found[0].payload["building"]["name"],
            time_zone=known.description.time_zone if known else found[0].payload["building"]["time_zone"],
            is_registered=known is not None and known.is_active,
            listed=listed,
            override=overrides.holding(connection, [building], now=at).get(building),
            items=found,
            overrides=overrides.history(connection, building, limit=HISTORY),
        )


def newest_plan(shell: Shell, found: Standing) -> Plan | None:
    """The newest plan that was made, whether it still holds or not; None when none was, or it cannot be read."""
    reference = None if found.listed is None else found.listed.plan
    return None if reference is None else readable_plan(shell, reference)


def _items(connection: sa.Connection, listed: Listed | None) -> list[WorkItem]:
    if listed is None:
        return []
    return [items.get(connection, each) for each in listing.plans_of(connection, listed, limit=HISTORY)]


def _sent(shell: Shell, found: Standing) -> Sequence[Sent]:
    item_id: Any = found.listed and found.listed.plan_item
    return sent_of(shell, item_id) if item_id else ()


def _days(at: datetime, time_zone: str) -> list[datetime]:
    """Noon of each day on which an override may expire, in the building's own time."""
    noon = at.astimezone(ZoneInfo(time_zone)).replace(hour=12, minute=0, second=0, microsecond=0)
    return [noon + timedelta(days=number) for number in range(overrides.LONGEST.days + 1)]


def _next_entry(plan: Plan | None, at: datetime) -> datetime | None:
    """Until when an override holds that is to hold until the next entry; None where none follows."""
    following = [] if plan is None else [entry.begins for entry in plan.entries if entry.begins > at]
    return following[0] if following else None
