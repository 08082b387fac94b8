"""Effects: what will be seen outside. A row stands before the call, and after a crash comes a question first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.cpr import mask_value
from samdrift_platform.effect_question import effect_question
from samdrift_platform.ledger import asking, audit
from samdrift_platform.ledger.items import ENDED, ItemState
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.tables import effects, work_items


class EffectState(StrEnum):
    """Where an effect is."""

    #: Will be delivered; if it was attempted before, the receiver is asked first.
    PLANNED = "planned"
    #: The receiver has it.
    DELIVERED = "delivered"
    #: The receiver will not take it.
    REFUSED = "refused"
    #: Nobody can tell whether it happened; a person must look.
    UNKNOWN = "unknown"
    #: Its item was cancelled, or an effect before it given up, before anything was attempted.
    WITHDRAWN = "withdrawn"
    #: A person said that nobody should try any more. Whether it happened is as they wrote.
    GIVEN_UP = "given_up"


#: With an effect in one of these, its item waits for a person.
STOPPED = (EffectState.REFUSED, EffectState.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """An effect as it is read and delivered."""

    key: UUID
    item_id: UUID
    ordinal: int
    workload: str
    step: str
    receiver: str
    request: Mapping[str, Any]
    state: EffectState
    #: Calls so far, counted before each call.
    attempt: int
    fence: int
    answer: Mapping[str, Any] | None
    error: str | None
    planned_at: datetime
    finished_at: datetime | None
    #: A person said that up to this attempt it did not happen.
    cleared_attempt: int = 0

    @property
    def is_cleared(self) -> bool:
        """A person looked after the last call, and it had not happened: the next call repeats nothing."""
        return self.attempt > 1 and self.cleared_attempt == self.attempt - 1


def of_item(connection: sa.Connection, item_id: UUID) -> list[EffectRow]:
    """The effects of an item, in order."""
    query = sa.select(effects).where(effects.c.item_id == item_id).order_by(effects.c.ordinal)
    return [_from_row(row) for row in connection.execute(query).mappings()]


def any_planned(connection: sa.Connection, workloads: Sequence[str], *, now: datetime) -> bool:
    """Whether it is worth trying to claim: some effect of these workloads is planned and not postponed."""
    planned = sa.select(effects.c.key).where(
        effects.c.state == sa.literal_column("'planned'"),
        effects.c.workload.in_(workloads),
        effects.c.available_at <= now,
        sa.or_(effects.c.lease_until.is_(None), effects.c.lease_until < now),
    )
    return connection.execute(planned.limit(1)).first() is not None


def claim(
    connection: sa.Connection, workloads: Sequence[str], *, limit: int, lease: timedelta, now: datetime
) -> list[EffectRow]:
    """Take planned effects whose turn it is: every earlier effect of the same item is delivered."""
    values = {"of_workloads": list(workloads), "at": now, "most": limit, "until": now + lease}
    return [_from_row(row) for row in connection.execute(_claim_statement(), values).mappings()]


def delivered(
    connection: sa.Connection,
    effect: EffectRow,
    answer: Mapping[str, Any],
    *,
    now: datetime,
    keep: Collection[str] = (),
) -> bool:
    """The receiver has it: record the answer and, with the last effect, end the item. False: no longer ours.

    CPR numbers in the answer are masked, but for the fields in `keep`, which number things.
    """
    said = mask_value(answer, keep=keep)
    values = {"state": EffectState.DELIVERED, "answer": said, "finished_at": now, "error": None}
    if not _guarded(connection, effect, values):
        return False
    events = [event(effect, "effect.delivered", {"attempt": effect.attempt})]
    events += end_item(connection, effect.item_id, actor="delivery", now=now)
    audit.append(connection, events, now=now)
    return True


def end_item(connection: sa.Connection, item_id: UUID, *, actor: str, now: datetime) -> list[audit.Event]:
    """End a running item as its outcome says, if its last effect is delivered; what the chain is told of it."""
    left = sa.exists().where(effects.c.item_id == item_id, effects.c.state != EffectState.DELIVERED)
    ended = (
        sa.update(work_items)
        .where(work_items.c.id == item_id, work_items.c.state == ItemState.RUNNING, ~left)
        .values(state=work_items.c.verdict, finished_at=sa.case((work_items.c.verdict.in_(ENDED), now)))
        .returning(work_items.c.state)
    )
    if (state := connection.execute(ended).scalar()) is None:
        return []
    return [audit.Event(actor=actor, action=f"item.{state}", subject=f"item:{item_id}", details={"effects": "all"})]


def later(
    connection: sa.Connection, effect: EffectRow, error: str, *, available_at: datetime, called: bool = True
) -> bool:
    """Leave the effect planned, to be asked about and perhaps tried again. False: no longer ours.

    Args:
        connection: a transaction.
        effect: as it was claimed.
        error: what went wrong.
        available_at: when its turn comes again.
        called: whether the receiver was told to do it. If it was not, what a person said of the call before stands.
    """
    values: dict[str, Any] = {"available_at": available_at, "error": plain_text(error)}
    if effect.is_cleared and not called:
        values["cleared_attempt"] = effect.attempt
    return _guarded(connection, effect, values)


def stopped(connection: sa.Connection, effect: EffectRow, state: EffectState, error: str, *, now: datetime) -> bool:
    """REFUSED or UNKNOWN: the item waits for a person, who is asked what to do. False: no longer ours."""
    if not _guarded(connection, effect, {"state": state, "error": plain_text(error), "finished_at": now}):
        return False
    why = sa.func.coalesce(work_items.c.reason, why_stopped(effect, error))  # what the workload said stands
    waiting = {"state": ItemState.WAITING_FOR_PERSON, "reason": why}
    connection.execute(sa.update(work_items).where(work_items.c.id == effect.item_id).values(**waiting))
    refused = state is EffectState.REFUSED
    question = effect_question(effect.step, effect.receiver, effect.attempt, refused=refused)
    asking.ask(connection, [(effect.item_id, question)], now=now)
    audit.append(connection, [event(effect, f"effect.{state}", {"attempt": effect.attempt})], now=now)
    return True


def why_stopped(effect: EffectRow, error: str) -> str:
    """Why the item of a stopped effect waits."""
    return plain_text(f"{effect.step} at {effect.receiver}: {error}")


@cache
def _claim_statement() -> sa.UpdateBase:
    """Built once: building it takes longer than running it."""
    earlier = effects.alias("earlier")
    blocked = sa.exists().where(
        earlier.c.item_id == effects.c.item_id,
        earlier.c.ordinal < effects.c.ordinal,
        earlier.c.state != EffectState.DELIVERED,
    )
    at = sa.bindparam("at", type_=effects.c.available_at.type)
    chosen = (
        sa.select(effects.c.key)
        .where(
            effects.c.state == sa.literal_column("'planned'"),
            effects.c.workload.in_(sa.bindparam("of_workloads", expanding=True)),
            effects.c.available_at <= at,
            sa.or_(effects.c.lease_until.is_(None), effects.c.lease_until < at),
            ~blocked,
        )
        .order_by(effects.c.available_at)
        .limit(sa.bindparam("most", type_=sa.Integer))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    return (
        sa.update(effects)
        .where(effects.c.key.in_(sa.select(chosen.c.key)))
        .values(attempt=effects.c.attempt + 1, fence=effects.c.fence + 1, lease_until=sa.bindparam("until"))
        .returning(*effects.c)
    )


_OURS = sa.update(effects).where(
    effects.c.key == sa.bindparam("effect"),
    effects.c.fence == sa.bindparam("token"),
    effects.c.state == sa.literal_column("'planned'"),
)


def _guarded(connection: sa.Connection, effect: EffectRow, values: Mapping[str, Any]) -> bool:
    own = {"effect": effect.key, "token": effect.fence, "lease_until": None}
    return connection.execute(_OURS, {**own, **values}).rowcount == 1


def event(effect: EffectRow, action: str, details: Mapping[str, Any], *, actor: str = "delivery") -> audit.Event:
    """What the chain is told of an effect."""
    named = {"step": effect.step, "receiver": effect.receiver, "key": str(effect.key), **details}
    return audit.Event(actor=actor, action=action, subject=f"item:{effect.item_id}", details=named)


def _from_row(row: Mapping[Any, Any]) -> EffectRow:
    names = EffectRow.__dataclass_fields__
    return EffectRow(**{name: row[name] for name in names} | {"state": EffectState(row["state"])})
