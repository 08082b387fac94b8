"""How a version was used, stopped and watched, as the technical documentation tells it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from samdrift_platform.evidence.history import pauses
from samdrift_platform.ledger.tables import truths, work_items
from samdrift_registry.lifecycle import Standing
from samdrift_registry.statements import Kind, Statement, model_subject
from samdrift_registry.use import InUse, Stop


def in_use(
    connection: sa.Connection, statements: Sequence[Statement], stood: Standing, workloads: Sequence[str]
) -> InUse:
    """Decisions of the version, stops of the `workloads` that use it, alarms and delayed truth."""
    decided = work_items.c.models[stood.name].as_string() == f"{stood.version}@{stood.digest}"
    number, first, last = sa.func.count(), sa.func.min(work_items.c.started_at), sa.func.max(work_items.c.started_at)
    query = sa.select(work_items.c.verdict, number, first, last).where(decided).group_by(work_items.c.verdict)
    rows = connection.execute(query).all()
    known = sa.select(sa.func.count(truths.c.item_id.distinct())).join(work_items, work_items.c.id == truths.c.item_id)
    subject = model_subject(stood.name, stood.version)
    alarms = {each.id for each in statements if (each.kind, each.subject) == (Kind.ALARM, subject)}
    settled = {each.facts["statement"] for each in statements if each.kind is Kind.SETTLED}
    return InUse(
        decisions=sum(row[1] for row in rows),
        first_at=min((row[2] for row in rows if row[2]), default=None),
        last_at=max((row[3] for row in rows if row[3]), default=None),
        verdicts={str(row[0]): row[1] for row in rows},
        stops=tuple(_stops(statements, workloads)),
        alarms=len(alarms),
        open_alarms=len(alarms - settled),
        truths=connection.execute(known.where(decided)).scalar_one(),
    )


def _stops(statements: Sequence[Statement], workloads: Sequence[str]) -> list[Stop]:
    return [
        Stop(workload=each.workload, since=each.since, until=each.until, by=each.by, reason=each.reason)
        for each in pauses(statements, workloads)
    ]
