"""One decision end to end: from the submission to the last answer, each part held against what was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.digest import digest_of, keyed_digest_of
from samdrift_platform.evidence.deciding import DecidingVersion, Finding, deciding
from samdrift_platform.evidence.decisions import decision, decisions
from samdrift_platform.evidence.rulings import ruling_mismatches
from samdrift_platform.ledger import audit, effects, inbox, items, submissions
from samdrift_platform.ledger.asked import Asked
from samdrift_platform.ledger.audit import Record
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.submissions import Submission
from samdrift_platform.ledger.tables import benefits, scores, truths, work_items


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A digest as it was recorded, and as it is of what is kept now."""

    #: None: no salt, so nothing was recorded (or the item was erased).
    recorded: str | None
    #: None: it cannot be recomputed, because the salt was erased.
    recomputed: str | None

    @property
    def matches(self) -> bool | None:
        """None: nobody can tell."""
        if self.recorded is None or self.recomputed is None:
            return None
        return self.recorded == self.recomputed


@dataclass(frozen=True, kw_only=True)
class Score:
    """A named number of the outcome, and the version that found it."""

    model: str
    version: int
    #: "champion", "canary" or "shadow"
    slot: str
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A benefit, or what computing it cost."""

    #: "saved" or "spent"
    kind: str
    measure: str
    quantity: float
    unit: str
    method: str


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One decision. `mismatches` is empty when everything that is kept agrees with everything that was recorded."""

    item: WorkItem
    submission: Submission
    #: When the decision was recorded; None: there is none (yet).
    decided_at: datetime | None
    #: No model decided: the workload was stopped, or the person objected.
    safe: bool
    #: The person had objected to automated processing.
    objected: bool
    input: Compared
    result: Compared
    models: tuple[DecidingVersion, ...]
    scores: tuple[Score, ...]
    #: What people were asked, and what each of them said.
    questions: tuple[Asked, ...]
    effects: tuple[EffectRow, ...]
    benefits: tuple[Saved, ...]
    #: Delayed truth: name -> newest value.
    truths: Mapping[str, float]
    #: Events about the item and its submission, in order.
    events: tuple[Record, ...]
    #: What does not agree, sentences for a person.
    mismatches: tuple[str, ...]


#: Events of one item that are read: far more than any has.
_MOST_EVENTS = 10_000


def replay(connection: sa.Connection, home: Path, item_id: UUID) -> Replay:
    """Everything about one item, compared.

    The events themselves are taken at their word: `verification.verify` holds them to the chain.

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with manifests, model files, reports, policies and the trusted keys.
        item_id: of the work item.

    Raises:
        NotFoundError: there is no such item (404).
    """
    item = items.get(connection, item_id)
    own = audit.events_of(connection, f"item:{item_id}", limit=_MOST_EVENTS)
    decided = decision(own)
    details = decided.details if decided else {}
    sent = audit.events_of(connection, f"submission:{item.submission_id}")
    decided_at = datetime.fromisoformat(decided.at) if decided else None
    found = Finding(mismatches=(), versions=())
    if decided_at is not None:
        found = deciding(connection, home, details, began_at=item.started_at, decided_at=decided_at)
    made = Replay(
        item=item,
        submission=submissions.get(connection, item.submission_id),
        decided_at=decided_at,
        safe=bool(details.get("safe")),
        objected=bool(details.get("objected")),
        input=_compared(connection, item_id, details.get("input"), item.payload),
        result=_compared(connection, item_id, details.get("result"), item.result),
        models=found.versions,
        scores=tuple(_scores(connection, item_id)),
        questions=tuple(inbox.of_item(connection, item_id)),
        effects=tuple(effects.of_item(connection, item_id)),
        benefits=tuple(_benefits(connection, item_id)),
        truths=_truths(connection, item_id),
        events=tuple(sorted((*sent, *own), key=lambda event: event.seq)),
        mismatches=(),
    )
    said = ruling_mismatches(made.questions, own, _salt(connection, item_id))
    return replace(made, mismatches=(*_mismatches(made, decided), *said, *found.mismatches))


def _salt(connection: sa.Connection, item_id: UUID) -> str:
    return str(connection.execute(sa.select(work_items.c.salt).where(work_items.c.id == item_id)).scalar_one())


def _compared(connection: sa.Connection, item_id: UUID, recorded: str | None, kept: Mapping[str, Any]) -> Compared:
    salt = _salt(connection, item_id)
    # Decisions from before digests were keyed stand in the chain with a plain one.
    plain = (recorded or "").startswith("sha256:")
    return Compared(recorded=recorded, recomputed=digest_of(kept) if plain else keyed_digest_of(salt, kept))


def _scores(connection: sa.Connection, item_id: UUID) -> Iterator[Score]:
    columns = [scores.c[name] for name in ("model", "version", "slot", "name", "value")]
    query = sa.select(*columns).where(scores.c.item_id == item_id).order_by(scores.c.seq)
    return (Score(**row) for row in connection.execute(query).mappings())


def _benefits(connection: sa.Connection, item_id: UUID) -> Iterator[Saved]:
    columns = [benefits.c[name] for name in ("kind", "measure", "quantity", "unit", "method")]
    query = sa.select(*columns).where(benefits.c.item_id == item_id).order_by(benefits.c.seq)
    return (Saved(**row) for row in connection.execute(query).mappings())


def _truths(connection: sa.Connection, item_id: UUID) -> dict[str, float]:
    query = sa.select(truths.c.name, truths.c.value).where(truths.c.item_id == item_id).order_by(truths.c.seq)
    return {row.name: row.value for row in connection.execute(query)}


def _mismatches(made: Replay, decided: Record | None) -> Iterator[str]:
    if not any(event.action == "submission.received" for event in made.events):
        yield "No event says that the submission was received."
    if decided is None:
        if made.item.result or made.item.models:
            yield "The item has a result, but no event says that it was decided."
        return
    yield from _content(made)
    if dict(made.item.models) != dict(decided.details["models"]):
        yield f"The item names the models {dict(made.item.models)}; the event names {dict(decided.details['models'])}."
    yield from _state(made, decided)
    yield from _deliveries(made.effects, made.events)


def _content(made: Replay) -> Iterator[str]:
    for what, compared in (("input", made.input), ("result", made.result)):
        if compared.matches is False:
            yield f"The {what} that is kept is not the one that was recorded: its digest is {compared.recomputed}."


def _state(made: Replay, decided: Record) -> Iterator[str]:
    """An item that has ended must have an event that says so."""
    ends = [e for e in made.events if e.action.startswith("item.") and e.seq >= decided.seq]
    said = {event.action.removeprefix("item.") for event in ends}
    if made.item.state in items.ENDED and made.item.state not in said:
        yield f"The item is {made.item.state}, but no event says so."


def _deliveries(rows: Sequence[EffectRow], events: Sequence[Record]) -> Iterator[str]:
    """Every round plans what the rounds before it did not."""
    planned = [step for decided in decisions(events) for step in decided.details["effects"]]
    kept = [row.step for row in rows]
    if planned != kept:
        yield f"The effects {kept} are kept; {planned} were planned."
    told = {(event.details.get("key"), event.action) for event in events}
    for row in rows:
        if row.state in _ENDED and (str(row.key), f"effect.{row.state}") not in told:
            yield f"The effect {row.step} is {row.state}, but no event says so."
        if row.state is EffectState.PLANNED and (str(row.key), "effect.delivered") in told:
            yield f"The effect {row.step} is planned, but an event says that it was delivered."


_ENDED = (EffectState.DELIVERED, EffectState.REFUSED, EffectState.UNKNOWN, EffectState.GIVEN_UP)
