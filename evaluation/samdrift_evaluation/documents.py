"""Reading documents: what is done alone must be right, and the rest is handed to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import binary, finite, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Figure, when_enough
from samdrift_evaluation.shares import share


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """At one hand-over threshold: items with a confidence below it go to a person."""

    threshold: float
    #: Share of what was done alone that is right; TooFew when little or nothing was done alone.
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
    """What happens at `threshold` to items (fields, or whole documents) that are all worth reading.

    Args:
        correct: whether the value that was read is the right one; 0 also where there was one and none was read.
        confidence: how sure the reader was, in any rising unit; an item at the threshold is done alone.
        threshold: fixed before these items were seen.
        groups: the document of each field; whole documents are then resampled.
        least: items below which a figure says `TooFew`.
        resampling: of the groups.

    Raises:
        EvaluationError: lengths differ, a confidence is missing, or `correct` holds something else than 0 and 1.
    """
    right, sure = binary("correct", correct), finite("confidence", confidence)
    same_length(correct=right, confidence=sure)
    group = None if groups is None else np.asarray(groups)
    alone = sure >= threshold

    def figure(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Figure:
        document = None if group is None else group[among]
        return when_enough(int(among.sum()), least, partial(share, hits[among], document, resampling=resampling))

    everything = np.ones_like(right)
    return HandOver(
        threshold=float(threshold),
        precision=figure(right, alone),
        recall=figure(right & alone, everything),
        handed_over=figure(~alone, everything),
    )


def hand_over_curve(
    correct: ArrayLike,
    confidence: ArrayLike,
    thresholds: Sequence[float],
    groups: ArrayLike | None = None,
    *,
    least: int = 20,
    resampling: Resampling | None = None,
) -> tuple[HandOver, ...]:
    """`hand_over` at each of `thresholds`. The one that is then picked needs other items to be judged on."""
    return tuple(
        hand_over(correct, confidence, each, groups, least=least, resampling=resampling) for each in thresholds
    )
