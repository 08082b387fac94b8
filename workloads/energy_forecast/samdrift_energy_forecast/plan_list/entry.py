"""One building's row in the list, from its work items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from samdrift_platform.ledger.items import ItemState

#: A plan is made every night: one that is older than this when a new one should be there is a reason to look.
OLDEST = timedelta(hours=36)


class Urgency(IntEnum):
    """How soon a person should look at a building; lower is sooner."""

    #: No plan holds: none was made, or the last one is over.
    NO_PLAN = 0
    #: The newest order came to nothing, or the plan is older than OLDEST.
    OLD_PLAN = 1
    #: The fixed setback plan holds, for a reason that the plan says.
    SAFE_STATE = 2
    #: A plan holds, and something should be looked at.
    NOTICE = 3
    #: Nothing to look at.
    NONE = 4


#: The fixed setback plan holds because it is that week's turn, see `verification`: nobody has to look.
WANTED = "comparison_week"
#: The newest order came to nothing.
_FRUITLESS = frozenset({ItemState.REJECTED, ItemState.FAILED, ItemState.WAITING_FOR_PERSON})


def order_values(row: Mapping[str, Any], lacks: list[str]) -> dict[str, Any]:
    """What the newest order says of its building; `row` is of the work item."""
    name = row["name"] or row["building"]
    return {
        "name": name,
        "search": f"{name} {row['building']}".casefold(),
        "newest_seq": row["seq"],
        "newest_item": row["id"],
        "newest_state": row["state"],
        "lacks": lacks,
    }


def plan_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the newest plan says of its building."""
    result = row["result"]
    safe, summary = result.get("safe_state"), result.get("summary") or {}
    return {
        "plan_seq": row["seq"],
        "plan_item": row["id"],
        "plan": result["plan"],
        "version": result["version"],
        "issue_time": datetime.fromisoformat(result["issue_time"]),
        "ends": datetime.fromisoformat(result["ends"]),
        "saved_kwh": None if safe else summary.get("saved_kwh"),
        "notices": [*([{**safe, "safe": True}] if safe else []), *result.get("attention", ())],
    }


def urgency(values: Mapping[str, Any]) -> Urgency:
    """How urgent a row is by itself; the passing of time is added where it is asked for."""
    if values["newest_state"] in _FRUITLESS and values["newest_seq"] != values["plan_seq"]:
        return Urgency.OLD_PLAN
    notices = values["notices"]
    if any(notice.get("safe") and notice["code"] != WANTED for notice in notices):
        return Urgency.SAFE_STATE
    notices = [notice for notice in notices if notice.get("code") != WANTED]
    unsent = values["newest_state"] == ItemState.WAITING_FOR_PERSON  # its plan was made: who gets it is the question
    return Urgency.NOTICE if notices or values["lacks"] or unsent else Urgency.NONE
