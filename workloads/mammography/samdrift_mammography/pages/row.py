"""One exam as a page shows it to one reader: what the policy hides is taken out here, not in the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography.worklist.listing import Listed
from samdrift_mammography.workload import MODEL
from samdrift_platform.ledger import items
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import work_items

#: Hex digits of a model's digest that pages show; the item's page has them all.
DIGEST_SHOWN = 12
#: What tells something of a score: not shown to a reader from whom it is hidden.
_TELLING: Mapping[str, Any] = {
    "score": None,
    "reading": "",
    "reasons": [],
    "audit_read": False,
    "reference_population": None,
}
_TELLING_OF_A_VIEW: Mapping[str, Any] = {"score": None, "marks": [], "heat_map": None}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One exam."""

    #: With what the reader may see of its result.
    item: WorkItem
    listed: Listed
    #: Standard views that are there, "RCC, LCC".
    views: str
    #: "3@0a1b2c3d4e5f"
    model: str
    #: Since its arrival.
    age: timedelta
    #: Time is up and it is still to be read.
    overdue: bool


def rows(connection: sa.Connection, listed: Sequence[Listed], at: datetime) -> list[Row]:
    """The exams of a page, in its order."""
    found = items_of(connection, [each.item_id for each in listed])
    return [row(found[each.item_id], each, at) for each in listed]


def row(item: WorkItem, listed: Listed, at: datetime) -> Row:
    """One exam, without what is hidden from the reader."""
    result = masked(item.result) if listed.hidden else item.result
    present = dict.fromkeys(view["view"] for view in result.get("views", ()) if view["view"])
    return Row(
        item=replace(item, result=result, reason=None if listed.hidden else item.reason),
        listed=listed,
        views=", ".join(present),
        model=_model(result, item.models),
        age=at - item.queued_at,
        overdue=item.deadline is not None and item.deadline < at,
    )


def items_of(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, WorkItem]:
    """Items by their identifier."""
    query = sa.select(work_items).where(work_items.c.id.in_(item_ids))
    return {row["id"]: items.from_row(row) for row in connection.execute(query).mappings()}


def masked(result: Mapping[str, Any]) -> dict[str, Any]:
    """`result` without anything that tells of the score; pictures and what the header says stay."""
    views = [{**view, **_TELLING_OF_A_VIEW} for view in result.get("views", ())]
    return {**result, **_TELLING, "views": views}


def _model(result: Mapping[str, Any], models: Mapping[str, str]) -> str:
    """Version and first digits of the model that scored, or else of the one that was asked."""
    told = result.get("model")
    if told:
        version, digest = str(told["version"]), str(told["digest"]).removeprefix("sha256:")
    else:
        version, _, digest = models.get(MODEL, "").partition("@sha256:")
    return f"{version}@{digest[:DIGEST_SHOWN]}" if digest else version
