"""Records of use, one a decision: what Article 12 of Regulation (EU) 2024/1689 has a system log by itself.

Article 12(3) lists the record's parts for remote biometric identification only (period of use, input that matched,
people who verified); it is the most concrete list that the regulation has, so every workload's decisions get it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.evidence.decisions import DECISIONS, DISPATCHER, PROCESSES, item_of
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import audit_events, work_items

#: Decisions read at a time: what memory grows to.
PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Use:
    """One decision of the system."""

    item: UUID
    workload: str
    #: When the system began to work on it, aware, UTC; None: not known any more, because it was worked on again.
    began_at: datetime | None
    #: When it recorded what it found.
    ended_at: datetime
    #: Reference of the input: its digest, keyed with the item's salt. Says nothing to who has not the input.
    input: str | None
    #: "done", "waiting_for_person", "rejected"
    verdict: str
    #: Digest of the result, keyed as the input's.
    result: str | None
    #: Registered name -> "version@sha256:…"; empty: no model decided.
    models: Mapping[str, str]
    #: No model decided: the workload was stopped, or the person objected.
    safe: bool
    #: The person had objected to automated processing.
    objected: bool
    #: Sign-in subjects of people who acted on the item after that; empty: nobody has (yet).
    verified_by: tuple[str, ...]
    #: Event in the audit chain that says so.
    event: int


def uses(
    ledger: Ledger, *, workload: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Use]:
    """The decisions recorded from `since` on and before `until`, in order; read page by page, so memory stays flat."""
    last = 0
    while True:
        with ledger.read() as connection:
            page = _page(connection, last, since, until)
            found = list(_found(connection, page))
        yield from (use for use in found if workload in (None, use.workload))
        if len(page) < PAGE:
            return
        last = page[-1]["seq"]


def as_csv(found: Iterable[Use]) -> Iterator[bytes]:
    """UTF-8 CSV with a header (RFC 4180), row by row. MIME type: `text/csv; charset=utf-8; header=present`.

    A value that a spreadsheet would take for a formula is given an apostrophe in front.
    """
    yield _row([field.name for field in fields(Use)])
    for use in found:
        yield _row([_cell(value) for value in _document(use).values()])


def as_json_lines(found: Iterable[Use]) -> Iterator[bytes]:
    """One JSON object a line, line by line. MIME type: `application/x-ndjson`."""
    for use in found:
        yield json.dumps(_document(use), ensure_ascii=False).encode() + b"\n"


def _page(
    connection: sa.Connection, last: int, since: datetime | None, until: datetime | None
) -> Sequence[sa.RowMapping]:
    at: sa.ColumnElement[str] = audit_events.c.at
    if connection.dialect.name == "postgresql":
        at = sa.collate(at, "C")  # other orders skip punctuation
    query = sa.select(audit_events).where(
        audit_events.c.seq > last, audit_events.c.action.in_(DECISIONS), audit_events.c.actor == DISPATCHER
    )
    if since is not None:
        query = query.where(at >= since.astimezone(UTC).isoformat())
    if until is not None:
        query = query.where(at < until.astimezone(UTC).isoformat())
    return connection.execute(query.order_by(audit_events.c.seq).limit(PAGE)).mappings().all()


def _found(connection: sa.Connection, page: Sequence[sa.RowMapping]) -> Iterator[Use]:
    columns = (work_items.c.id, work_items.c.workload, work_items.c.started_at)
    ids = {item_of(row["subject"]) for row in page}
    known = {row.id: row for row in connection.execute(sa.select(*columns).where(work_items.c.id.in_(ids)))}
    acts = _acts_of_people(connection, [row["subject"] for row in page])
    for row in page:
        item = item_of(row["subject"])
        after = [who for seq, who in acts.get(row["subject"], ()) if seq > row["seq"]]
        kept = known.get(item)
        yield _use(row, item, kept.workload if kept else "", kept.started_at if kept else None, after)


def _use(row: sa.RowMapping, item: UUID, workload: str, started_at: datetime | None, people: Sequence[str]) -> Use:
    details, ended_at = json.loads(row["details"]), datetime.fromisoformat(row["at"])
    return Use(
        item=item,
        workload=workload,
        began_at=started_at if started_at is not None and started_at <= ended_at else None,
        ended_at=ended_at,
        input=details.get("input"),
        verdict=details["verdict"],
        result=details.get("result"),
        models=details["models"],
        safe=bool(details.get("safe")),
        objected=bool(details.get("objected")),
        verified_by=tuple(dict.fromkeys(people)),
        event=row["seq"],
    )


def _acts_of_people(connection: sa.Connection, subjects: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    columns = (audit_events.c.subject, audit_events.c.seq, audit_events.c.actor)
    query = sa.select(*columns).where(audit_events.c.subject.in_(subjects), audit_events.c.actor.not_in(PROCESSES))
    acts: dict[str, list[tuple[int, str]]] = {}
    for subject, seq, actor in connection.execute(query.order_by(audit_events.c.seq)):
        acts.setdefault(subject, []).append((seq, actor))
    return acts


def _document(use: Use) -> dict[str, Any]:
    values = asdict(use)
    values |= {"item": str(use.item), "ended_at": use.ended_at.isoformat(), "verified_by": list(use.verified_by)}
    return {**values, "began_at": use.began_at.isoformat() if use.began_at else None}


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        value = "; ".join(f"{name}={version}" for name, version in sorted(value.items()))
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _row(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()
