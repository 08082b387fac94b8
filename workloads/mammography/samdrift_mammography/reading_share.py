"""Which cut gives which share of exams to one reader, on a model's reference population.

How many exams one reader is to read is the operator's to say. What that costs, no share tells: that is for an
evaluation with readers, its margin and its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import proportion
from samdrift_mammography.lesion_head import ReferencePopulation
from samdrift_mammography.policy import HIGHEST_SCORE


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A value of `single_reading_up_to` and what follows from it."""

    #: 0 (nobody is read by one) to 9.
    single_reading_up_to: int
    #: Share of the reference population that scores no higher, Wilson 95 %.
    share: Estimate


def cuts(reference: ReferencePopulation) -> list[Cut]:
    """Every cut, rising, with the share of the reference population at or below it."""
    steps = [reference.step(score) for score in reference.scores]
    return [
        Cut(single_reading_up_to=cut, share=proportion(sum(step <= cut for step in steps), len(steps)))
        for cut in range(HIGHEST_SCORE)
    ]


def cut_for(found: Sequence[Cut], target_share: float) -> Cut:
    """The highest cut that gives no more than `target_share` (0 to 1) to one reader."""
    return max(
        (cut for cut in found if cut.share.value <= target_share + 1e-9), key=lambda cut: cut.single_reading_up_to
    )
