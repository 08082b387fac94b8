"""One entry of the worklist: a work item as readers meet it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from samdrift_mammography.readings import ReaderReading, standing
from samdrift_mammography.triage import reading_order
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.items import ItemState, WorkItem

#: Codes beyond this many characters are not kept for filtering; the item has them all.
_LONGEST_CODES = 600
#: Larger than every row number and every second of a due time, so that the newest can come first.
_FAR = 10**12
_NO_DEADLINE_S = 10**11 - 1


class Stage(StrEnum):
    """What is to happen with an entry next. Each entry is in exactly one stage, so none can be left out."""

    #: There is no result yet; or the platform failed, and two radiologists read it without one.
    OPEN = "open"
    #: A radiologist is to read it.
    TO_READ = "to_read"
    #: Two radiologists differ; a third is to read it.
    ARBITRATION = "arbitration"
    #: Everybody who was asked has decided.
    READ = "read"
    #: Later views came: there is a newer entry for the same exam.
    SUPERSEDED = "superseded"
    #: No exam can be made of it.
    REFUSED = "refused"
    #: Someone withdrew it.
    CANCELLED = "cancelled"


#: In these a radiologist still has something to decide.
UNREAD = (Stage.TO_READ, Stage.ARBITRATION)


#: The first digit of `place`: stages that are listed together lie together, and one index gives their order.
GROUPS: Mapping[Stage, str] = {
    Stage.TO_READ: "1",
    Stage.ARBITRATION: "1",
    Stage.OPEN: "2",
    Stage.READ: "3",
    Stage.REFUSED: "4",
    Stage.CANCELLED: "5",
    Stage.SUPERSEDED: "6",
}


class Delivery(StrEnum):
    """Whether the results of an exam are in the PACS."""

    #: Nothing is sent.
    NONE = "none"
    #: Still to be sent, or sent and not yet found there.
    WAITING = "waiting"
    #: The PACS was asked and has them.
    CONFIRMED = "confirmed"
    #: The PACS will not take them, or nobody can tell whether it has them: a person must look.
    REFUSED = "refused"


def delivery_of(states: Sequence[str]) -> Delivery:
    """The state of all of an item's effects together."""
    if not states:
        return Delivery.NONE
    if {EffectState.REFUSED, EffectState.UNKNOWN} & set(states):
        return Delivery.REFUSED
    return Delivery.CONFIRMED if set(states) == {EffectState.DELIVERED} else Delivery.WAITING


def entry(item: WorkItem, seq: int, readings: Sequence[ReaderReading], effects: Sequence[str]) -> dict[str, Any]:
    """The row of `tables.worklist` for an item; whether it is superseded is not its own to know."""
    result, payload = item.result, item.payload
    stage = stage_of(item, readings)
    return {
        "item_id": item.id,
        "seq": seq,
        "kind": payload.get("kind", "exam"),
        "exam": result.get("exam") or payload.get("exam"),
        "screening_unit": payload.get("screening_unit", ""),
        "stage": stage,
        "place": place(stage, result, item.deadline, seq),
        "given": len(readings),
        "score": result.get("score"),
        "reading": result.get("reading"),
        "blind": is_blind(result),
        "objected": bool(result.get("objected")),
        "codes": _codes(result),
        "refusal": _refusal(item),
        "delivery": delivery_of(effects),
    }


def is_blind(result: Mapping[str, Any]) -> bool:
    """Whether the policy hides the exam's score until the reader has decided. Without a score nothing is hidden."""
    return bool(result.get("hide_score")) and result.get("score") is not None


def stage_of(item: WorkItem, readings: Sequence[ReaderReading]) -> Stage:
    """The stage of an item that no later one supersedes."""
    if item.state is ItemState.CANCELLED:
        return Stage.CANCELLED
    if item.state is ItemState.REJECTED:
        return Stage.REFUSED
    if "reading" not in item.result:
        return Stage.OPEN
    stands = standing(item.result["reading"], readings)
    if not stands.open:
        return Stage.READ
    return Stage.ARBITRATION if stands.arbitration else Stage.TO_READ


def place(stage: Stage, result: Mapping[str, Any], deadline: datetime | None, seq: int) -> str:
    """Where an entry stands within its stage, as digits that sort as text.

    What is to be read stands in reading order. An exam whose score is hidden stands with those that have none, by its
    deadline alone: its place would tell the score. What nobody has to read any more stands with the newest first.
    """
    group = GROUPS[stage]
    if stage in UNREAD:
        rank, falling, due = reading_order({} if is_blind(result) else result, deadline)
        return group + _digits(int(rank), 100 + int(falling), due, seq)
    if stage is Stage.OPEN:
        return group + _digits(0, 0, deadline.timestamp() if deadline else float("inf"), seq)
    return f"{group}{_FAR - seq:027d}"


def _digits(rank: int, falling: int, due: float, seq: int) -> str:
    due_s = _NO_DEADLINE_S if due == float("inf") else int(due)
    return f"{rank:01d}{falling:03d}{due_s:011d}{seq:012d}"


def _codes(result: Mapping[str, Any]) -> str:
    """Reasons of the exam, remarks of its images, "audit-read": each once, with a space before and after."""
    codes = dict.fromkeys(result.get("reasons", ()))
    for view in result.get("views", ()):
        codes |= dict.fromkeys([*view.get("problems", ()), *view.get("quality", ())])
    text = "".join(f" {code}" for code in codes)
    return text[: _LONGEST_CODES - 1] + " " if text else ""


def _refusal(item: WorkItem) -> str | None:
    """Code of a refused file; "other-content" where an item contradicts an earlier one of the same reference."""
    if item.state is not ItemState.REJECTED:
        return None
    return str(item.result.get("code") or "other-content")
