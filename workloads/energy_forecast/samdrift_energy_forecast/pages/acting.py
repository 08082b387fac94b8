"""What people do on a building's page: choose a set-point, take it back, order a plan, say what became of a message.

The portal lets nobody through who may not bring work: an auditor reads everything and changes nothing. Each ends with
the page it was done on, so that reloading it does nothing again.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from samdrift_energy_forecast.delivery import MAIL
from samdrift_energy_forecast.delivery.mail import MailRequest, journal
from samdrift_energy_forecast.pages.asking import BuildingId, Now, SignedIn, ledger_of, user_of
from samdrift_energy_forecast.pages.building import building_page, newest_plan, standing
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.overrides import OverrideError
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger import audit, endings
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.portal.shell import Shell

Text = Annotated[str, Form(max_length=2000)]


class Until(StrEnum):
    """How long an override is to hold."""

    #: Until the plan's next entry.
    NEXT = "next"
    #: Until a time.
    TIME = "time"


def set_override(
    shell: SignedIn,
    at: Now,
    building: BuildingId,
    set_point_c: Text = "",
    until: Annotated[Until, Form()] = Until.NEXT,
    day: Text = "",
    clock: Text = "",
    reason: Text = "",
) -> Response:
    """Let a set-point hold in place of the plan's; the page says what is wrong with one that cannot be."""
    given = {"set_point_c": set_point_c, "until": until.value, "day": day, "clock": clock, "reason": reason}
    try:
        ends = _expires(shell, at, building, until, f"{day}T{clock}")
        with ledger_of(shell).write() as connection:
            overrides.put(
                connection,
                building,
                set_point_c=_celsius(set_point_c),
                expires=ends,
                reason=reason,
                by=user_of(shell),
                now=at,
            )
    except OverrideError as error:
        return building_page(shell, at, building, status=error.status, trouble=error.field or "override", given=given)
    return _back(building, "now")


def end_override(shell: SignedIn, at: Now, building: BuildingId) -> Response:
    """Let the plan decide again. A plan in which the override stands already is replaced by a new one at once."""
    found = standing(shell, at, building)
    try:
        with ledger_of(shell).write() as connection:
            overrides.take_back(connection, building, by=user_of(shell), now=at)
    except NotFoundError:  # it expired, or somebody else was faster: what was wanted holds
        return _back(building, "now")
    plan = newest_plan(shell, found)
    if found.is_registered and plan is not None and overrides.stands_in(plan, at):
        _order(shell, at, building)
    return _back(building, "now")


def plan_now(shell: SignedIn, at: Now, building: BuildingId) -> Response:
    """Order a plan from the running hour on."""
    _order(shell, at, building)
    return _back(building, "history")


def settle_message(shell: SignedIn, at: Now, item_id: UUID, arrived: Annotated[bool, Form()]) -> Response:
    """A person found out whether a message arrived whose sending was cut off: it counts, or it is sent again."""
    item = shell.item(item_id)
    unknown = [
        effect
        for effect in shell.reading.effects(item_id)
        if effect.receiver == MAIL and effect.state is EffectState.UNKNOWN
    ]
    if not unknown:
        raise ConflictError("It is known by now what became of this plan's message. Open the page again.")
    journal(ledger_of(shell)).settle(MailRequest.of(unknown[0].request).message, arrived=arrived, now=at)
    told = {"key": str(unknown[0].key), "arrived": arrived}
    event = audit.Event(actor=user_of(shell), action="message.settled", subject=f"item:{item_id}", details=told)
    with ledger_of(shell).write() as connection:
        audit.append(connection, [event], now=at)
        endings.retry(connection, item_id, actor=user_of(shell), now=at)
    return _back(item.payload["building"]["id"], "sent")


def _order(shell: Shell, at: datetime, building: str) -> None:
    from samdrift_energy_forecast.ordering.making import OrderDesk

    desk = OrderDesk(
        ledger=ledger_of(shell),
        store=shell.store,
        tenant=shell.request.app.state.settings.tenant,
        ordered_by=user_of(shell),
    )
    desk.plan_now(building, now=at)


def _expires(shell: Shell, at: datetime, building: str, until: Until, local_time: str) -> datetime:
    found = standing(shell, at, building)
    if until is Until.NEXT:
        return overrides.until_next_entry(newest_plan(shell, found), at)
    try:
        local = datetime.fromisoformat(local_time)
    except ValueError as error:
        raise OverrideError(f"{local_time!r} is no day and time.", field="expires") from error
    return local.replace(tzinfo=ZoneInfo(found.time_zone))


def _celsius(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as error:
        raise OverrideError(f"{text!r} is no temperature in °C.", field="set_point_c") from error


def _back(building: str, part: str) -> RedirectResponse:
    return RedirectResponse(f"/energy_forecast/buildings/{building}#{part}", status_code=303)
