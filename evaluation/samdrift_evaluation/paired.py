"""Two models, or a model and today's practice, on the same cases: what one does better, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A paired comparison. `str()` gives "+0.031 [-0.012, 0.074], n = 480, p = 0.16 (DeLong, two-sided)"."""

    #: New minus old: above 0 when the new one has more of it.
    difference: Estimate
    #: Two-sided, of the hypothesis that there is no difference.
    p_value: float
    #: "DeLong", "McNemar exact", "cluster bootstrap over 120 groups, 2000 replicates, seed 0"
    test: str

    def __str__(self) -> str:
        return f"{self.difference}, p = {self.p_value:.2g} ({self.test}, two-sided)"


def compare_auc(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Comparison:
    """AUC of the scores `new` minus AUC of the scores `old`; DeLong's, or with `groups` a cluster bootstrap."""
    raise NotImplementedError


def compare_sensitivity(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Comparison:
    """Share of abnormal cases that `new` recalls minus the share that `old` recalls (each 0 or 1 for each case)."""
    raise NotImplementedError


def compare_specificity(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Comparison:
    """Share of normal cases that `new` leaves in peace minus the share that `old` does."""
    raise NotImplementedError


def compare_proportion(
    new: ArrayLike, old: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None
) -> Comparison:
    """Share of cases with 1 in `new` minus share with 1 in `old`: Tango's interval and McNemar's exact test."""
    raise NotImplementedError
