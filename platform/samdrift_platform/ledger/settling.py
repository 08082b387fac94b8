"""What follows when a person has said what became of an effect that was refused, or of which nobody could tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.effect_question import Settlement
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import asking, audit, effects
from samdrift_platform.ledger.effects import STOPPED, EffectRow, EffectState
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import effects as rows
from samdrift_platform.ledger.tables import work_items
from samdrift_platform.question import Decision


def settle(connection: sa.Connection, item_id: UUID, step: str, decision: Decision, *, now: datetime) -> None:
    """Do with the stopped effect what was decided; its item goes on, or ends.

    Raises:
        ConflictError: the effect is not stopped (any more).
    """
    effect = _stopped(connection, item_id, step)
    actor = decision.people[-1]
    match Settlement(decision.choice):
        case Settlement.HAPPENED:
            events = _happened(connection, effect, decision, actor, now)
        case Settlement.MAKE:
            events = _again(connection, effect, actor, now, cleared=True)
        case Settlement.ASK_AGAIN:
            events = _again(connection, effect, actor, now, cleared=False)
        case Settlement.GIVE_UP:
            events = _give_up(connection, effect, actor, now)
    audit.append(connection, events, now=now)


def ask_again(connection: sa.Connection, item_id: UUID, *, actor: str, now: datetime) -> bool:
    """Have the receiver of the item's stopped effect asked once more. False: there is none, or the item does not wait.

    What was refused may be taken once a person has set the receiver right.
    """
    waits = sa.and_(work_items.c.id == item_id, work_items.c.state == ItemState.WAITING_FOR_PERSON)
    locked = connection.execute(sa.select(work_items.c.id).where(waits).with_for_update()).first()
    found = [each for each in effects.of_item(connection, item_id) if each.state in STOPPED] if locked else []
    for effect in found:
        asking.close_about_effects(connection, item_id, now=now)
        audit.append(connection, _again(connection, effect, actor, now, cleared=False), now=now)
    return bool(found)


def _stopped(connection: sa.Connection, item_id: UUID, step: str) -> EffectRow:
    found = [each for each in effects.of_item(connection, item_id) if each.step == step and each.state in STOPPED]
    if not found:
        raise ConflictError(f"{step} does not need settling any more. Look at the item again.")
    return found[0]


def _happened(
    connection: sa.Connection, effect: EffectRow, decision: Decision, actor: str, now: datetime
) -> list[audit.Event]:
    """It counts as delivered. What the person saw stands in their decision; the answer says that there is one."""
    answer = {"by_person": True} | ({"number": number} if (number := decision.fields.get("number")) else {})
    _change(connection, effect, state=EffectState.DELIVERED, answer=answer, finished_at=now, error=None)
    _run_on(connection, effect)
    told = {"attempt": effect.attempt, "by_person": True}
    events = [effects.event(effect, "effect.delivered", told, actor=actor)]
    return events + effects.end_item(connection, effect.item_id, actor=actor, now=now)


def _again(
    connection: sa.Connection, effect: EffectRow, actor: str, now: datetime, *, cleared: bool
) -> list[audit.Event]:
    """Planned again. Cleared by a person, it is made also where the receiver cannot say whether it happened."""
    values: dict[str, Any] = {"state": EffectState.PLANNED, "available_at": now, "finished_at": None}
    if cleared:
        values["cleared_attempt"] = effect.attempt
    _change(connection, effect, **values)
    _run_on(connection, effect)
    return [effects.event(effect, "effect.planned_again", {"cleared": cleared}, actor=actor)]


def _give_up(connection: sa.Connection, effect: EffectRow, actor: str, now: datetime) -> list[audit.Event]:
    """The item fails. It cannot be retried: nobody may make by accident what a person gave up."""
    _change(connection, effect, state=EffectState.GIVEN_UP, finished_at=now)
    rest = sa.and_(rows.c.item_id == effect.item_id, rows.c.state == EffectState.PLANNED)
    connection.execute(sa.update(rows).where(rest).values(state=EffectState.WITHDRAWN, finished_at=now))
    reason = f"{effect.step} at {effect.receiver} was given up by a person."
    values = {"state": ItemState.FAILED, "reason": reason, "finished_at": now}
    connection.execute(sa.update(work_items).where(work_items.c.id == effect.item_id).values(**values))
    asking.close(connection, [effect.item_id], now=now)
    failed = audit.Event(
        actor=actor, action="item.failed", subject=f"item:{effect.item_id}", details={"given_up": effect.step}
    )
    return [effects.event(effect, "effect.given_up", {"attempt": effect.attempt}, actor=actor), failed]


def _change(connection: sa.Connection, effect: EffectRow, **values: Any) -> None:
    connection.execute(sa.update(rows).where(rows.c.key == effect.key).values(**values))


def _run_on(connection: sa.Connection, effect: EffectRow) -> None:
    """The item is on its way again; that its effect had stopped is no reason any more."""
    why = effects.why_stopped(effect, effect.error or "")
    reason = sa.case((work_items.c.reason == why, None), else_=work_items.c.reason)
    values = {"state": ItemState.RUNNING, "reason": reason}
    connection.execute(sa.update(work_items).where(work_items.c.id == effect.item_id).values(**values))
