"""How work items end: outcomes, failures, cancellation, retry. Every write is checked against the fencing token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from samdrift_platform.contract import Benefit, Effect, Outcome, Verdict
from samdrift_platform.cpr import mask
from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import asking, audit, canaries, items, objections, scores, settling, shadow_runs
from samdrift_platform.ledger.canaries import CanaryFailure
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.items import ENDED, ItemState
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.queue import MOST_ATTEMPTS, Claim
from samdrift_platform.ledger.tables import Json, benefits, effects, submission_items, work_items

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment

#: The namespace of all effect keys.
EFFECTS = UUID("5f1d7c46-3c0e-5c0b-8f5e-6a2d1b9e4a11")
#: The first wait after a failure; it doubles with every attempt up to the longest.
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What came of a claim: the outcome and what follows from it."""

    outcome: Outcome
    effects: Sequence[Effect] = ()
    saved: Sequence[Benefit] = ()
    spent: Sequence[Benefit] = ()
    #: The deployed versions that decided; none where no model took part.
    decided_by: Sequence[Deployment] = ()
    #: What the workload's `scores` made of the outcome.
    scores: Mapping[str, float] = field(default_factory=dict)
    #: The workload was stopped, and this is its safe state's answer.
    safe: bool = False
    #: The person has objected to automated processing: no model saw the item.
    objected: bool = False
    #: The canary that should have decided and could not.
    canary_failure: CanaryFailure | None = None
    #: The place of its first effect among the item's: after those of earlier rounds.
    ordinal: int = 0

    @property
    def models(self) -> dict[str, str]:
        """Registered name -> `version@sha256:…` of what decided."""
        return {deployment.model: str(deployment) for deployment in self.decided_by}

    @property
    def slots(self) -> set[str]:
        """The slots of what decided."""
        return {str(deployment.slot) for deployment in self.decided_by}


def effect_key(workload: str, tenant: str, reference: str, step: str) -> UUID:
    """The key of an effect: the same on every attempt, on every machine."""
    return uuid5(EFFECTS, "\x1f".join((workload, tenant, reference, step)))


def back_off(attempt: int) -> timedelta:
    """How long to wait after the `attempt`-th failure (from 1)."""
    return min(SHORTEST_WAIT * (1 << (min(attempt, 20) - 1)), LONGEST_WAIT)


def complete(
    connection: sa.Connection,
    workload: str,
    finished: Sequence[tuple[Claim, Completion]],
    *,
    shadows: Sequence[Deployment] = (),
    now: datetime,
) -> list[Claim]:
    """Record outcomes with all that follows from them; the claims that were no longer ours.

    With an outcome go its benefits, planned effects, scores, audit events, and a run for each of the `shadows` where
    champions decided. Of a zombie's late write nothing is recorded, nor of what a model found about somebody who has
    objected meanwhile: that item waits again, for the answer without a model.
    """
    back = _give_back(connection, _unwelcome(connection, workload, finished), now)
    finished = _of_this_round(connection, [(claim, made) for claim, made in finished if claim.id not in back])
    written = _write_outcomes(connection, finished, now)
    ours = [(claim, made) for claim, made in finished if claim.id in written]
    planned = [row for claim, made in ours for row in _effect_rows(workload, claim, made, now)]
    if planned:
        connection.execute(sa.insert(effects), planned)
    asking.ask(connection, [(c.id, q) for c, made in ours if (q := made.outcome.question) is not None], now=now)
    add_benefits(connection, workload, ours, now)
    scores.add(connection, [row for c, made in ours for row in scores.rows(c.id, made.decided_by, made.scores, now)])
    compared = [claim.id for claim, made in ours if made.slots == {"champion"}]
    shadow_runs.plan(connection, workload, compared, shadows, now)
    audit.append(connection, [event for claim, made in ours for event in _events(claim, made)], now=now)
    kept = {claim.id for claim, _ in ours}
    return [claim for claim, _ in finished if claim.id not in kept]


def _of_this_round(
    connection: sa.Connection, finished: Sequence[tuple[Claim, Completion]]
) -> list[tuple[Claim, Completion]]:
    """After a decision a workload plans its effects anew; what an earlier round planned stands as it is."""
    again = [claim.id for claim, _ in finished if claim.rounds]
    known: dict[UUID, set[str]] = {}
    if again:
        for item_id, step in connection.execute(
            sa.select(effects.c.item_id, effects.c.step).where(effects.c.item_id.in_(again))
        ):
            known.setdefault(item_id, set()).add(step)
    return [
        (claim, replace(made, effects=[e for e in made.effects if e.step not in steps], ordinal=len(steps)))
        if (steps := known.get(claim.id))
        else (claim, made)
        for claim, made in finished
    ]


def _unwelcome(connection: sa.Connection, workload: str, finished: Sequence[tuple[Claim, Completion]]) -> list[Claim]:
    """Claims about people who objected after the claim, and whose item a model has seen."""
    seen = [claim for claim, made in finished if not made.objected and claim.subject is not None]
    objected = objections.standing(connection, workload, {claim.subject for claim in seen if claim.subject})
    return [claim for claim in seen if claim.subject in objected]


def _give_back(connection: sa.Connection, claims: Sequence[Claim], now: datetime) -> set[UUID]:
    """Let items wait again as if this attempt had not been; those that did, because the claim was still ours."""
    back = set()
    for claim in claims:
        values: dict[str, Any] = {"state": ItemState.QUEUED, "lease_until": None, "worker": None, "available_at": now}
        if _guarded(connection, claim, values | {"attempt": claim.attempt - 1, "fence": claim.fence + 1}):
            back.add(claim.id)
    events = [
        audit.Event(actor="dispatcher", action="item.objected_meanwhile", subject=f"item:{identifier}")
        for identifier in sorted(back)
    ]
    audit.append(connection, events, now=now)
    return back


def add_benefits(
    connection: sa.Connection, workload: str, finished: Sequence[tuple[Claim, Completion]], now: datetime
) -> None:
    """Record what was saved and what it cost."""
    rows = [row for claim, completion in finished for row in _benefit_rows(workload, claim, completion, now)]
    if rows:
        connection.execute(sa.insert(benefits), rows)


def fail(connection: sa.Connection, claims: Sequence[Claim], error: str, *, now: datetime) -> None:
    """Give items back after an error of ours, to be tried again later and alone; after all attempts they failed."""
    events = []
    for claim in claims:
        spent = claim.attempt >= MOST_ATTEMPTS
        values: dict[str, Any] = {"lease_until": None, "worker": None, "reason": plain_text(error)}
        values |= {"state": ItemState.FAILED, "finished_at": now} if spent else {"state": ItemState.QUEUED}
        values |= {"available_at": now + back_off(claim.attempt)}
        if _guarded(connection, claim, values):
            action = "item.failed" if spent else "item.attempt_failed"
            details = {"attempt": claim.attempt}
            events.append(audit.Event(actor="dispatcher", action=action, subject=f"item:{claim.id}", details=details))
    audit.append(connection, events, now=now)


def cancel(connection: sa.Connection, item_id: UUID, *, actor: str, now: datetime) -> None:
    """Withdraw an item of which nothing was seen outside yet; otherwise a ConflictError says why not."""
    if not _withdraw(connection, work_items.c.id == item_id, actor, now):
        item = items.get(connection, item_id)
        raise ConflictError(
            f"Item {item.reference!r} is {item.state} and cannot be cancelled any more: "
            "it has ended, or part of it was already seen outside."
        )


def cancel_submission(connection: sa.Connection, submission_id: UUID, *, actor: str, now: datetime) -> int:
    """Withdraw what can be of a submission's items; the number. Items that others submitted too stay."""
    others = sa.exists().where(
        submission_items.c.item_id == work_items.c.id, submission_items.c.submission_id != submission_id
    )
    mine = sa.and_(work_items.c.submission_id == submission_id, ~others)
    return len(_withdraw(connection, mine, actor, now))


def retry(connection: sa.Connection, item_id: UUID, *, actor: str, now: datetime) -> None:
    """Take up a failed item with fresh attempts, or one with a refused or unknown effect: its receiver is asked again.

    Raises:
        ConflictError: the item is in another state; the message says which.
    """
    if not (_queue_again(connection, item_id, now) or settling.ask_again(connection, item_id, actor=actor, now=now)):
        item = items.get(connection, item_id)
        raise ConflictError(
            f"Item {item.reference!r} is {item.state}. Only failed items can be retried, unless a person gave an "
            "effect of them up or their content was erased, and those with an effect that was refused, or of which "
            "nobody could tell whether it happened."
        )
    audit.append(connection, [audit.Event(actor=actor, action="item.retried", subject=f"item:{item_id}")], now=now)


def _queue_again(connection: sa.Connection, item_id: UUID, now: datetime) -> bool:
    given_up = sa.exists().where(effects.c.item_id == item_id, effects.c.state == EffectState.GIVEN_UP)
    kept = work_items.c.erased_at.is_(None)
    failed = sa.and_(work_items.c.id == item_id, work_items.c.state == ItemState.FAILED, ~given_up, kept)
    values = {"state": ItemState.QUEUED, "attempt": 0, "available_at": now, "finished_at": None, "reason": None}
    return connection.execute(sa.update(work_items).where(failed).values(**values)).rowcount > 0


def _withdraw(connection: sa.Connection, which: sa.ColumnElement[bool], actor: str, now: datetime) -> list[UUID]:
    """Cancel the open items among `which` of which nothing was seen outside, with their planned effects.

    A delivery may take an effect at the same moment. So the items are locked first, then their first effects withdrawn
    unless attempted: whoever gets that row decides.
    """
    still_open = sa.select(work_items.c.id).where(which, work_items.c.state.not_in(ENDED))
    connection.execute(still_open.order_by(work_items.c.seq).with_for_update()).all()
    first = sa.and_(effects.c.ordinal == 0, effects.c.state == EffectState.PLANNED, effects.c.attempt == 0)
    _withdraw_effects(connection, still_open, first, now)
    seen = sa.exists().where(
        effects.c.item_id == work_items.c.id, effects.c.ordinal == 0, effects.c.state != EffectState.WITHDRAWN
    )
    values = {"state": ItemState.CANCELLED, "finished_at": now, "lease_until": None, "fence": work_items.c.fence + 1}
    update = sa.update(work_items).where(which, work_items.c.state.not_in(ENDED), ~seen).values(**values)
    ids = list(connection.execute(update.returning(work_items.c.id)).scalars())
    cancelled = sa.select(work_items.c.id).where(which, work_items.c.state == ItemState.CANCELLED)
    _withdraw_effects(connection, cancelled, effects.c.state == EffectState.PLANNED, now)
    events = [audit.Event(actor=actor, action="item.cancelled", subject=f"item:{identifier}") for identifier in ids]
    audit.append(connection, events, now=now)
    asking.close(connection, ids, now=now)
    return ids


def _withdraw_effects(
    connection: sa.Connection, owners: sa.Select[tuple[UUID]], which: sa.ColumnElement[bool], now: datetime
) -> None:
    update = sa.update(effects).where(effects.c.item_id.in_(owners), which)
    connection.execute(update.values(state=EffectState.WITHDRAWN, finished_at=now))


def _write_outcomes(
    connection: sa.Connection, finished: Sequence[tuple[Claim, Completion]], now: datetime
) -> set[UUID]:
    """The items whose claims were still ours. On PostgreSQL a batch is one statement: the way there costs the most."""
    rows = [(claim, _outcome_row(made, now)) for claim, made in finished]
    if len(rows) == 1 or connection.dialect.name != "postgresql":
        return {claim.id for claim, row in rows if _guarded(connection, claim, row)}
    sent = [
        {"id": str(claim.id), "fence": claim.fence} | row | {"finished_at": _as_text(row.get("finished_at"))}
        for claim, row in rows
    ]
    return set(connection.execute(_outcomes(), {"rows": sent}).scalars().all())


def _as_text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


@cache
def _outcomes() -> sa.UpdateBase:
    """Writes the outcomes in the parameter `rows` of those claims that are still held; the items' ids."""
    names = ("id", "fence", "state", "verdict", "result", "reason", "models", "finished_at")
    columns = [sa.column(name, work_items.c[name].type) for name in names]
    sent = sa.bindparam("rows", type_=Json)
    made = sa.func.jsonb_to_recordset(sent).table_valued(*columns).render_derived("made", with_types=True)
    values: dict[str, sa.ColumnElement[Any]] = {n: made.c[n] for n in ("verdict", "result", "reason", "models")}
    values |= {name: sa.func.coalesce(made.c[name], work_items.c[name]) for name in ("state", "finished_at")}
    ours = (work_items.c.id == made.c.id, work_items.c.fence == made.c.fence, work_items.c.lease_until.is_not(None))
    return sa.update(work_items).where(*ours).values(lease_until=None, **values).returning(work_items.c.id)


def _outcome_row(completion: Completion, now: datetime) -> dict[str, Any]:
    outcome = completion.outcome
    values: dict[str, Any] = {
        "verdict": outcome.verdict,
        "result": dict(outcome.result),
        "reason": outcome.reason and mask(outcome.reason),
        "models": completion.models,
        "lease_until": None,
    }
    if not completion.effects:
        ended = outcome.verdict is not Verdict.WAITING_FOR_PERSON
        values |= {"state": ItemState(outcome.verdict), "finished_at": now if ended else None}
    return values


#: Built once: building it takes longer than running it.
_OURS = sa.update(work_items).where(
    work_items.c.id == sa.bindparam("item"),
    work_items.c.fence == sa.bindparam("token"),
    work_items.c.lease_until.is_not(None),
)


def _guarded(connection: sa.Connection, claim: Claim, values: Mapping[str, Any]) -> bool:
    return connection.execute(_OURS, {"item": claim.id, "token": claim.fence, **values}).rowcount == 1


def _effect_rows(workload: str, claim: Claim, made: Completion, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "key": effect_key(workload, claim.tenant, claim.reference, effect.step),
            "item_id": claim.id,
            "ordinal": ordinal,
            "workload": workload,
            "step": effect.step,
            "receiver": effect.receiver,
            "request": dict(effect.request),
            "state": EffectState.PLANNED,
            "available_at": now,
            "planned_at": now,
        }
        for ordinal, effect in enumerate(made.effects, made.ordinal)
    ]


def _benefit_rows(workload: str, claim: Claim, completion: Completion, now: datetime) -> list[dict[str, Any]]:
    kinds = [("saved", benefit) for benefit in completion.saved] + [("spent", cost) for cost in completion.spent]
    return [
        {
            "item_id": claim.id,
            "workload": workload,
            "kind": kind,
            "measure": benefit.measure,
            "quantity": benefit.quantity,
            "unit": benefit.unit,
            "method": benefit.method,
            "recorded_at": now,
        }
        for kind, benefit in kinds
    ]


def _events(claim: Claim, completion: Completion) -> list[audit.Event]:
    failed = completion.canary_failure
    return [_event(claim, completion), *([canaries.event(claim.id, failed)] if failed else [])]


def _event(claim: Claim, completion: Completion) -> audit.Event:
    return audit.Event(
        actor="dispatcher",
        # With effects still to be delivered it has not ended yet: delivery adds the last word.
        action="item.processed" if completion.effects else f"item.{completion.outcome.verdict}",
        subject=f"item:{claim.id}",
        details={
            "attempt": claim.attempt,
            "verdict": completion.outcome.verdict,
            "models": completion.models,
            "slots": sorted(completion.slots),
            "safe": completion.safe,
            **({"objected": True} if completion.objected else {}),
            "input": keyed_digest_of(claim.salt, claim.payload),
            "result": keyed_digest_of(claim.salt, completion.outcome.result),
            "effects": [effect.step for effect in completion.effects],
        },
    )
