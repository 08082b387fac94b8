"""What people are asked about items, what each of them said, and how a decided item goes on.

A question stands in the ledger with what asks it: an outcome, or an effect that stopped. Once enough people have
decided the same, the item is queued again, before all others of its workload, and its workload is asked anew with the
decision in `Item.earlier`; a stopped effect is settled as was decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import JsonValue

from samdrift_platform.answering import checked, choice_of
from samdrift_platform.cpr import mask_certain, mask_value
from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.effect_question import PREFIX
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger import asked as kept
from samdrift_platform.ledger import audit, settling
from samdrift_platform.ledger.asked import DECISION
from samdrift_platform.ledger.asked import Asked as Asked
from samdrift_platform.ledger.asked import Given as Given
from samdrift_platform.ledger.asked import Ruling as Ruling
from samdrift_platform.ledger.effects import STOPPED, EffectState
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.tables import decisions, effects, questions, work_items
from samdrift_platform.question import Deciders, Decision, Earlier, question_to_json

#: Filters for all questions about stopped effects, whose codes differ.
ABOUT_EFFECTS = "effect"
#: A decided item stands before everything of its workload, also before what has aged to the top, because a person waits
#: for it: only urgent clinical items come first. Clinical workloads come before all others anyway (`admission`).
_TOP, AT_ONCE = 0, datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which questions are wanted; None: all."""

    workload: str | None = None
    lane: str | None = None
    #: ABOUT_EFFECTS stands for all that are about stopped effects.
    code: str | None = None
    #: Those for these audiences alone (`Deciders.audience`).
    audiences: Collection[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Open questions of one kind."""

    workload: str
    lane: str
    code: str
    number: int


EVERYTHING = Filter()


def waiting(
    connection: sa.Connection, wanted: Filter = EVERYTHING, *, limit: int = 200, offset: int = 0
) -> list[Asked]:
    """Open questions that can be decided now: overdue and soonest due first, then the oldest."""
    # A value, which no planner turns round: PostgreSQL without statistics would read all questions for each item.
    waits = sa.select(sa.and_(*_of_items(wanted))).where(work_items.c.id == questions.c.item_id).scalar_subquery()
    found = sa.select(questions.c.seq).where(_IS_OPEN, waits, *_of_questions(wanted))
    first = found.order_by(questions.c.due, questions.c.seq).limit(limit).offset(offset)  # as the index has them
    query = kept.SELECT.where(questions.c.seq.in_(sa.select(first.subquery().c.seq)))
    return kept.read(connection, query.order_by(questions.c.due, questions.c.seq))


def count(connection: sa.Connection, wanted: Filter = EVERYTHING, *, now: datetime | None = None) -> int:
    """How many can be decided now; with `now` those of them that are overdue."""
    standing = _standing()
    query = _joined(sa.select(sa.func.count()), standing).where(*_of_items(wanted), *_of_questions(wanted, standing))
    return int(connection.execute(query if now is None else query.where(standing.c.due <= now)).scalar_one())


def audiences(connection: sa.Connection, wanted: Filter = EVERYTHING) -> dict[str, int]:
    """Audience (`Deciders.audience`) -> how many questions for it can be decided now."""
    standing = _standing()
    query = _joined(sa.select(standing.c.audience, sa.func.count().label("number")), standing)
    query = query.where(*_of_items(wanted), *_of_questions(wanted, standing)).group_by(standing.c.audience)
    return {row.audience: row.number for row in connection.execute(query)}


def groups(connection: sa.Connection) -> list[Group]:
    """What can be filtered by: which kinds of questions are open, and how many of each."""
    standing = _standing()
    code = sa.case((_is_about_effect(standing), ABOUT_EFFECTS), else_=standing.c.code)
    by = (work_items.c.workload, work_items.c.lane, code.label("kind"))
    query = _joined(sa.select(*by, sa.func.count()), standing).where(
        *_of_items(EVERYTHING), *_of_questions(EVERYTHING, standing)
    )
    rows = connection.execute(query.group_by(work_items.c.workload, work_items.c.lane, sa.text("kind")))
    return sorted((Group(workload=w, lane=la, code=c, number=n) for w, la, c, n in rows), key=_by_name)


def of_item(connection: sa.Connection, item_id: UUID) -> list[Asked]:
    """Everything that was asked about an item, oldest first."""
    return kept.read(connection, kept.SELECT.where(questions.c.item_id == item_id).order_by(questions.c.seq))


def now_asked(connection: sa.Connection, item_id: UUID) -> Asked | None:
    """What can be decided about an item now, the oldest first; None: nothing."""
    query = kept.SELECT.where(*_open(EVERYTHING), questions.c.item_id == item_id).order_by(questions.c.seq)
    return next(iter(kept.read(connection, query.limit(1))), None)


def is_open(connection: sa.Connection, item_id: UUID, code: str) -> bool:
    """Whether this can be decided now."""
    query = (
        sa.select(questions.c.seq).join(work_items, work_items.c.id == questions.c.item_id).where(*_open(EVERYTHING))
    )
    return connection.execute(query.where(questions.c.item_id == item_id, questions.c.code == code)).first() is not None


def decide(
    connection: sa.Connection,
    item_id: UUID,
    ruling: Ruling,
    *,
    actor: str,
    now: datetime,
    seen: int | None = None,
    allow: Callable[[Deciders], None] = lambda deciders: None,
) -> Asked:
    """Record what `actor` says; once enough people agree, the item goes on. The question as it stands then.

    People agree who chose the same and filled in the same, texts aside; of each, the newest ruling counts.

    Args:
        connection: a transaction.
        item_id: of the item.
        ruling: what is said.
        actor: who says it.
        now: when.
        seen: how many rulings the person has seen; refused when there are more by now. None: they need not know.
        allow: raises where `actor` is none of those who may decide this.

    Raises:
        NotFoundError: the item is not asked that.
        ConflictError: somebody else has decided meanwhile, or the item does not wait.
        InputError: the choice or a field is not one of the question's.
    """
    asked = _locked(connection, item_id, ruling.question, seen)
    allow(asked.question.deciders)
    fields = checked(choice_of(asked.question, ruling.choice), ruling.fields)
    fields = mask_value(fields, text=mask_certain)  # what is worked on with: a case's number must stay one
    said = {"choice": ruling.choice, "fields": fields, "comment": plain_text(ruling.comment).strip()}
    row = {"item_id": item_id, "question": ruling.question, "decided_by": actor, "decided_at": now, **said}
    connection.execute(sa.insert(decisions).values(**row))
    told = _told(connection, asked, said)
    audit.append(connection, [_event(item_id, "question.ruled", actor, told)], now=now)
    asked = _of_code(connection, item_id, ruling.question)
    if len(asked.agreeing) < asked.question.people:
        return asked
    decision = _decision(asked, now)
    _close(connection, item_id, decision, now)
    told = told | {"people": list(decision.people)}
    audit.append(connection, [_event(item_id, "item.decided", actor, told)], now=now)
    _resume(connection, asked, decision, now)
    return _of_code(connection, item_id, ruling.question)


def earlier_of(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, Earlier]:
    """Item -> what people decided about it and what receivers answered; only items of which there is anything."""
    if not item_ids:
        return {}
    decided: dict[UUID, list[Decision]] = {}
    query = sa.select(questions.c.item_id, questions.c.decision).where(
        questions.c.item_id.in_(item_ids), questions.c.closed_at.is_not(None), ~_is_about_effect()
    )
    for item_id, value in connection.execute(query.order_by(questions.c.closed_at, questions.c.seq)):
        if value is not None:
            decided.setdefault(item_id, []).append(DECISION.validate_python(value))
    answers: dict[UUID, dict[str, Mapping[str, JsonValue]]] = {}
    made = sa.select(effects.c.item_id, effects.c.step, effects.c.answer).where(
        effects.c.item_id.in_(item_ids), effects.c.state == EffectState.DELIVERED
    )
    for item_id, step, answer in connection.execute(made):
        answers.setdefault(item_id, {})[step] = answer or {}
    return {
        item_id: Earlier(decisions=tuple(decided.get(item_id, ())), answers=answers.get(item_id, {}))
        for item_id in {*decided, *answers}
    }


_IS_OPEN = questions.c.closed_at.is_(None)


def _standing() -> sa.CTE:
    """The open questions, read once: PostgreSQL without statistics would read them for each item."""
    columns = (questions.c.item_id, questions.c.code, questions.c.due, questions.c.audience)
    return sa.select(*columns).where(_IS_OPEN).cte("standing").prefix_with("MATERIALIZED", dialect="postgresql")


def _joined(query: sa.Select[Any], standing: sa.CTE) -> sa.Select[Any]:
    return query.select_from(standing.join(work_items, work_items.c.id == standing.c.item_id))


def _open(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """Conditions on questions joined with their items: it can be decided now."""
    return [_IS_OPEN, *_of_items(wanted), *_of_questions(wanted)]


def _of_items(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    conditions = [work_items.c.state == ItemState.WAITING_FOR_PERSON]
    if wanted.workload is not None:
        conditions.append(work_items.c.workload == wanted.workload)
    if wanted.lane is not None:
        conditions.append(work_items.c.lane == wanted.lane)
    return conditions


def _of_questions(wanted: Filter, asked: sa.FromClause = questions) -> list[sa.ColumnElement[bool]]:
    """An effect that was refused or is unknown is settled before anything else is decided."""
    stopped = sa.exists().where(effects.c.item_id == asked.c.item_id, effects.c.state.in_(STOPPED))
    conditions: list[sa.ColumnElement[bool]] = [sa.or_(_is_about_effect(asked), ~stopped)]
    if wanted.audiences is not None:
        conditions.append(asked.c.audience.in_(wanted.audiences))
    if wanted.code is not None:
        conditions.append(_is_about_effect(asked) if wanted.code == ABOUT_EFFECTS else asked.c.code == wanted.code)
    return conditions


def _is_about_effect(asked: sa.FromClause = questions) -> sa.ColumnElement[bool]:
    return asked.c.code.startswith(PREFIX)


def _by_name(group: Group) -> tuple[str, str, str]:
    return (group.workload, group.lane, group.code)


def _of_code(connection: sa.Connection, item_id: UUID, code: str) -> Asked:
    query = kept.SELECT.where(questions.c.item_id == item_id, questions.c.code == code)
    found = kept.read(connection, query)
    if not found:
        raise NotFoundError(f"Item {item_id} is not asked {code!r}. Look at the item again.")
    return found[0]


def _locked(connection: sa.Connection, item_id: UUID, code: str, seen: int | None) -> Asked:
    """The question, once nobody else can change its item: cancelling and deciding both lock the item first."""
    connection.execute(sa.select(work_items.c.id).where(work_items.c.id == item_id).with_for_update()).all()
    asked = _of_code(connection, item_id, code)
    if asked.closed_at is not None:
        raise ConflictError(_why_closed(asked))
    if not is_open(connection, item_id, code):
        raise ConflictError("The item does not wait for this now. Look at it again: an effect may need settling.")
    if seen is not None and seen != len(asked.given):
        last = asked.given[-1] if asked.given else None
        who = last.decided_by if last else "Somebody"
        raise ConflictError(f"{who} has decided meanwhile. Nothing was recorded: look at the item again.")
    return asked


def _why_closed(asked: Asked) -> str:
    if asked.decision is None:
        return (
            "There is nothing to decide any more: the item was cancelled or given up, or its receiver is asked again."
        )
    by = " and ".join(asked.decision.people)
    at = f"{asked.decision.decided_at:%Y-%m-%d %H:%M} UTC"
    return f"This was decided by {by} at {at}: {asked.decision.choice}. Nothing was recorded."


def _decision(asked: Asked, now: datetime) -> Decision:
    agreeing = asked.agreeing
    last = agreeing[-1].ruling
    people = tuple(given.decided_by for given in agreeing)
    code = asked.question.code
    return Decision(question=code, choice=last.choice, fields=last.fields, people=people, decided_at=now)


def _close(connection: sa.Connection, item_id: UUID, decision: Decision, now: datetime) -> None:
    this = sa.and_(questions.c.item_id == item_id, questions.c.code == decision.question)
    value = DECISION.dump_python(decision, mode="json")
    connection.execute(sa.update(questions).where(this).values(closed_at=now, decision=value))


def _resume(connection: sa.Connection, asked: Asked, decision: Decision, now: datetime) -> None:
    if asked.step is not None:
        settling.settle(connection, asked.item_id, asked.step, decision, now=now)
        return
    values: dict[str, Any] = {
        "state": ItemState.QUEUED,
        "rounds": work_items.c.rounds + 1,
        "attempt": 0,
        "urgency": sa.case((work_items.c.urgency < _TOP, work_items.c.urgency), else_=_TOP),
        "fence": work_items.c.fence + 1,
        "lease_until": None,
        "worker": None,
        "due": AT_ONCE,
        "available_at": now,
        "verdict": None,
        "reason": None,
    }
    connection.execute(sa.update(work_items).where(work_items.c.id == asked.item_id).values(**values))


def _told(connection: sa.Connection, asked: Asked, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the chain holds of a ruling: what was asked on which evidence, and what was said.

    What a person wrote may be personal, so these are digests, keyed with the item's salt. The comment has its own: it
    may be taken away earlier than the rest.
    """
    salt = connection.execute(sa.select(work_items.c.salt).where(work_items.c.id == asked.item_id)).scalar_one()
    asked_for = keyed_digest_of(salt, question_to_json(asked.question))
    ruled = keyed_digest_of(salt, {"choice": said["choice"], "fields": said["fields"]})
    told = {"question": asked.question.code, "choice": said["choice"], "asked": asked_for, "said": ruled}
    return told | ({"comment": keyed_digest_of(salt, {"comment": said["comment"]})} if said["comment"] else {})


def _event(item_id: UUID, action: str, actor: str, told: Mapping[str, Any]) -> audit.Event:
    return audit.Event(actor=actor, action=action, subject=f"item:{item_id}", details=told)
