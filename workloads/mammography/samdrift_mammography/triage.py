"""From an exam's score to the number of readers and the order of reading. A radiologist reads every exam.

The protocol is that of the Danish regions: the score decides between one reader and two (Lauritzen et al., Radiology
2024). What could not be scored is always read by two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from samdrift_mammography.policy import Policy


class Reading(StrEnum):
    """Who reads an exam. There is no value for "nobody"."""

    #: One radiologist.
    SINGLE = "single"
    #: Two radiologists, independently.
    DOUBLE = "double"
    #: Two radiologists, before the other exams.
    DOUBLE_PRIORITY = "double, priority"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How an exam is read, and why."""

    reading: Reading
    #: Codes of `reasons.SENTENCES`, at least one.
    reasons: tuple[str, ...]
    #: Two read only because it was drawn for the audit of single reading.
    audit_read: bool = False


def decide(
    policy: Policy,
    score: int | None,
    obstacles: Sequence[str] = (),
    *,
    density: str | None = None,
    months_since_recall: int | None = None,
    drawn_for_audit: bool = False,
) -> Decision:
    """The reading of an exam, and why. Nothing but the score can lower it, and nothing below one reader.

    Args:
        policy: the rules.
        score: 1-10; None: not scored.
        obstacles: reasons why it could not be scored; with one the score does not count and two read.
        density: BI-RADS class of the tissue, "A" to "D"; None: not known.
        months_since_recall: whole months since the woman was last recalled; None: not known.
        drawn_for_audit: `policy.draws_for_audit` of the exam.
    """
    if score is None or obstacles:
        return Decision(reading=Reading.DOUBLE, reasons=tuple(obstacles) or ("no-automated-scoring",))
    if score >= policy.priority_from:
        return Decision(reading=Reading.DOUBLE_PRIORITY, reasons=("high-score",))
    if score > policy.single_reading_up_to:
        return Decision(reading=Reading.DOUBLE, reasons=("score",))
    if raised := tuple(_raised(policy, density, months_since_recall)):
        return Decision(reading=Reading.DOUBLE, reasons=raised)
    if drawn_for_audit:
        return Decision(reading=Reading.DOUBLE, reasons=("audit-read",), audit_read=True)
    return Decision(reading=Reading.SINGLE, reasons=("low-score",))


def _raised(policy: Policy, density: str | None, months_since_recall: int | None) -> Iterator[str]:
    """Why two read an exam whose score would leave it to one."""
    if policy.double_read_density and density is None:
        yield "density-unknown"
    elif density in policy.double_read_density:
        yield "density"
    months = policy.double_read_after_recall_months
    if months is not None and months_since_recall is not None and months_since_recall <= months:
        yield "prior-recall"


def reading_order(result: Mapping[str, object], deadline: datetime | None) -> tuple[int, int, float]:
    """A sort key: priority first, then what could not be scored, then falling score, then the nearest deadline."""
    score = result.get("score")
    rank = 0 if result.get("reading") == Reading.DOUBLE_PRIORITY else 1 if score is None else 2
    return rank, -score if isinstance(score, int) else 0, deadline.timestamp() if deadline else float("inf")
