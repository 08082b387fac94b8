"""Submissions: what somebody sent, written together with its items before it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from samdrift_platform.contract import Item, Priority
from samdrift_platform.digest import digest_of
from samdrift_platform.errors import ConflictError, InputError, NotFoundError
from samdrift_platform.ledger import audit, items, objections
from samdrift_platform.ledger.database import insert_new, take_turns
from samdrift_platform.ledger.items import Identity, ItemState
from samdrift_platform.ledger.plain import NotPlainError, plain_json
from samdrift_platform.ledger.tables import submission_items, submissions, work_items

#: Characters of a submission's reference or idempotency key.
LONGEST_REFERENCE = 200
#: Characters of an item's reference: leaves room for the mark of a contradiction.
LONGEST_ITEM_REFERENCE = 180


@dataclass(frozen=True, kw_only=True)
class Request:
    """A submission as it arrives, already validated and split."""

    workload: str
    tenant: str
    #: What the sender calls it; unique within workload and tenant.
    reference: str
    document: Mapping[str, Any]
    items: Sequence[Item]
    priority: Priority
    submitted_by: str
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submission and how far it is."""

    id: UUID
    workload: str
    tenant: str
    reference: str
    submitted_by: str
    submitted_at: datetime
    #: State -> number of items, only states that occur.
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All items."""
        return sum(self.counts.values())

    @property
    def pending(self) -> int:
        """Items on which the platform still has work to do."""
        return sum(self.counts.get(state, 0) for state in (ItemState.QUEUED, ItemState.RUNNING))


def submit(connection: sa.Connection, request: Request, *, now: datetime) -> tuple[UUID, bool]:
    """Record `request` and its items; the submission's id and whether it is new.

    The same reference or idempotency key with the same document returns the first submission; with another
    document it is a ConflictError. An item that an earlier submission already brought is linked, not repeated. One
    whose reference is held with other content is a contradiction, or a correction if nothing before it stands.
    """
    _check_references(request)
    _check_plain(request)
    digest = digest_of(request.document)
    take_turn(connection, request.tenant)
    known = _known(connection, request)
    if not known:
        identifier = _insert(connection, request, digest, now)
        _add_items(connection, request, identifier, now)
        return identifier, True
    if any((row["workload"], row["digest"]) != (request.workload, digest) for row in known):
        raise ConflictError(
            f"Submission {request.reference!r} of {request.workload} is already recorded with other content. "
            "Send the same content as before, or use a new reference and Idempotency-Key.",
            field="reference",
        )
    return known[0]["id"], False


def take_turn(connection: sa.Connection, tenant: str) -> None:
    """Be the only transaction that submits for `tenant`; who changes items in the same one asks for it first.

    Two senders who name the same items in another order would wait for each other in a circle.
    """
    take_turns(connection, f"submit for {tenant}")


def get(connection: sa.Connection, submission_id: UUID) -> Submission:
    """One submission; NotFoundError when there is none."""
    found = find(connection, submission_id=submission_id)
    if not found:
        raise NotFoundError(f"There is no submission {submission_id}. Check the identifier.")
    return found[0]


def find(
    connection: sa.Connection,
    *,
    submission_id: UUID | None = None,
    workload: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Submission]:
    """Submissions, newest first, with their counts."""
    query = sa.select(submissions).order_by(submissions.c.seq.desc()).limit(limit).offset(offset)
    if submission_id is not None:
        query = query.where(submissions.c.id == submission_id)
    if workload is not None:
        query = query.where(submissions.c.workload == workload)
    rows = connection.execute(query).mappings().all()
    counts = _counts(connection, [row["id"] for row in rows])
    names = ("id", "workload", "tenant", "reference", "submitted_by", "submitted_at")
    return [Submission(**{name: row[name] for name in names}, counts=counts.get(row["id"], {})) for row in rows]


def _check_references(request: Request) -> None:
    seen: set[str] = set()
    for item in request.items:
        if item.reference in seen and item.beside is None:
            raise InputError(f"Two items of this submission have the same reference {item.reference!r}.", field="items")
        _check_length("items", item.reference, LONGEST_ITEM_REFERENCE)
        if item.subject is not None:
            objections.check_pseudonym(item.subject)
        seen.add(item.reference)
    _check_length("reference", request.reference, LONGEST_REFERENCE)
    if request.idempotency_key is not None:
        _check_length("idempotency_key", request.idempotency_key, LONGEST_REFERENCE)


def _check_length(field: str, text: str, longest: int) -> None:
    if not 0 < len(text) <= longest:
        raise InputError(f"A reference or key has 1 to {longest} characters; this one has {len(text)}.", field=field)


def _check_plain(request: Request) -> None:
    references = [request.reference, request.idempotency_key, *(item.reference for item in request.items)]
    for field, value in (
        ("reference", references),
        ("document", request.document),
        ("items", [item.payload for item in request.items]),
    ):
        try:
            plain_json(value)
        except NotPlainError as error:
            raise InputError(f"The submission cannot be recorded: {field} is {error}.", field=field) from error


def _known(connection: sa.Connection, request: Request) -> Sequence[sa.RowMapping]:
    """The submissions that hold the reference (first) or the idempotency key: none, one, or two different ones."""
    same = sa.and_(submissions.c.workload == request.workload, submissions.c.reference == request.reference)
    if request.idempotency_key is not None:
        same = sa.or_(same, submissions.c.idempotency_key == request.idempotency_key)
    columns = (submissions.c.id, submissions.c.workload, submissions.c.digest)
    named = submissions.c.reference == request.reference
    query = sa.select(*columns).where(submissions.c.tenant == request.tenant, same)
    return connection.execute(query.order_by(named.desc(), submissions.c.seq)).mappings().all()


def _insert(connection: sa.Connection, request: Request, digest: str, now: datetime) -> UUID:
    identifier = uuid4()
    row = {
        "id": identifier,
        "workload": request.workload,
        "tenant": request.tenant,
        "reference": request.reference,
        "idempotency_key": request.idempotency_key,
        "digest": digest,
        "document": dict(request.document),
        "submitted_by": request.submitted_by,
        "submitted_at": now,
    }
    connection.execute(sa.insert(submissions).values(row))
    return identifier


def _add_items(connection: sa.Connection, request: Request, submission_id: UUID, now: datetime) -> None:
    rows = [items.new_row(item, request, submission_id, digest_of(item.payload), now) for item in request.items]
    insert_new(connection, work_items, rows)
    held = items.identify(connection, request.workload, request.tenant, [row["reference"] for row in rows])
    other = [*_seconds(connection, request.items, rows, held)]
    insert_new(connection, work_items, other)
    named = [*(row["reference"] for row in rows if held[row["reference"]].digest == row["digest"])]
    named += [row["reference"] for row in other]
    held = items.identify(connection, request.workload, request.tenant, named)
    links = [{"submission_id": submission_id, "item_id": held[name].id} for name in named]
    insert_new(connection, submission_items, links)
    event = audit.Event(
        actor=request.submitted_by,
        action="submission.received",
        subject=f"submission:{submission_id}",
        details={"workload": request.workload, "items": len(links), "other_content": len(other)},
    )
    audit.append(connection, [event], now=now)


def _seconds(
    connection: sa.Connection, given: Sequence[Item], rows: Sequence[Mapping[str, Any]], held: Mapping[str, Identity]
) -> Iterator[dict[str, Any]]:
    """Rows for those whose reference is held with other content; of several, one at most is a correction."""
    corrected: set[str] = set()
    for item, row in zip(given, rows, strict=True):
        reference = row["reference"]
        if held[reference].digest != row["digest"]:
            stands = reference in corrected or items.stands(connection, row)
            corrected.add(reference)
            yield _second(item, row, held[reference].id, stands=stands)


def _second(item: Item, row: Mapping[str, Any], first: UUID, *, stands: bool) -> dict[str, Any]:
    """The row for an item whose reference is held with other content, by the item `first`.

    Where that stands, it is rejected; or worked on beside it, if its workload says with which payload: it is told then
    which item has the reference.
    """
    if not stands:
        return items.correction(row)
    if item.beside is None:
        return items.contradiction(row)
    payload = {**item.beside, "first_item": str(first)}
    return {**items.correction(row), "payload": payload, "digest": digest_of(payload)}


def _counts(connection: sa.Connection, ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    query = (
        sa.select(submission_items.c.submission_id, work_items.c.state, sa.func.count())
        .join(work_items, work_items.c.id == submission_items.c.item_id)
        .where(submission_items.c.submission_id.in_(ids))
        .group_by(submission_items.c.submission_id, work_items.c.state)
    )
    counts: dict[UUID, dict[str, int]] = {}
    for identifier, state, number in connection.execute(query):
        counts.setdefault(identifier, {})[state] = number
    return counts
