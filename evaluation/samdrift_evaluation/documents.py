"""Reading documents: what is done alone must be right, and the rest is handed to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Figure


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """At one hand-over threshold: items with a confidence below it go to a person."""

    threshold: float
    #: Share of what was done alone that is right; TooFew when nothing was done alone.
    precision: Figure
    #: Share of all items that were done alone, and right.
    recall: Figure
    #: Share of all items that go to a person.
    handed_over: Figure


def hand_over(
    correct: ArrayLike,
    confidence: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    *,
    least: int = 20,
    resampling: Resampling | None = None,
) -> HandOver:
    """Items (fields, documents) whose value is right or not, and how sure the reader was; `groups`: the document."""
    raise NotImplementedError


def hand_over_curve(
    correct: ArrayLike,
    confidence: ArrayLike,
    thresholds: Sequence[float],
    groups: ArrayLike | None = None,
    *,
    least: int = 20,
    resampling: Resampling | None = None,
) -> tuple[HandOver, ...]:
    """`hand_over` at each threshold."""
    raise NotImplementedError
