"""What enriched test data say about everyday screening: predictive values at a stated prevalence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, fraction, same_length
from samdrift_evaluation.auc import both_classes
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.shares import share
from samdrift_evaluation.units import Units, units_of


@dataclass(frozen=True, kw_only=True)
class AtPrevalence:
    """Figures as they would be if `prevalence` of the cases were abnormal."""

    #: 0.006 is 6 of 1,000.
    prevalence: float
    #: Positive predictive value: share of the recalled that are abnormal. TooFew when nothing was recalled.
    ppv: Figure
    #: Negative predictive value: share of the others that are normal. TooFew when everything was recalled.
    npv: Figure
    recall_rate: Estimate


def at_prevalence(
    labels: ArrayLike,
    recalled: ArrayLike,
    prevalence: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> AtPrevalence:
    """Re-weight the decisions `recalled` (0 or 1) to `prevalence`; sensitivity and specificity carry over unchanged.

    That is an assumption: everyday cases may be harder or easier than those of an enriched set, and no re-weighting
    mends that. Without `groups`: logit intervals of the predictive values (Mercaldo, Lau & Zhou, Statistics in
    Medicine 26 (2007) 2170-2183), and two of Wilson's combined for the recall rate (Zou & Donner, Statistics in
    Medicine 27 (2008) 1693-1702). With `groups`: cluster bootstrap. When one of the four cells is empty, the
    adjusted logit interval of the same paper is used, counting groups for cases.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or those of only one group.
        EvaluationError: lengths differ, the prevalence is not between 0 and 1, or a value is neither 0 nor 1.
    """
    positive, hit, ill = binary("labels", labels), binary("recalled", recalled), fraction("prevalence", prevalence)
    n = same_length(labels=positive, recalled=hit)
    both_classes(positive)
    decisions = _Decisions(
        positive=positive, hit=hit, ill=ill, units=units_of(n, groups), resampling=resampling or Resampling()
    )
    return AtPrevalence(
        prevalence=ill,
        ppv=decisions.predictive(abnormal=True) if hit.any() else TooFew(n=0, reason="nothing was recalled"),
        npv=decisions.predictive(abnormal=False) if not hit.all() else TooFew(n=0, reason="everything was recalled"),
        recall_rate=decisions.recall_rate(),
    )


@dataclass(frozen=True, kw_only=True)
class _Decisions:
    positive: NDArray[np.bool_]
    hit: NDArray[np.bool_]
    ill: float
    units: Units
    resampling: Resampling

    def predictive(self, *, abnormal: bool) -> Estimate:
        """The share of those decided so that are so: PPV, or with `abnormal` False everything turned round, NPV."""
        mine = self.positive if abnormal else ~self.positive
        said = (self.hit if abnormal else ~self.hit).astype(np.float64)
        mass = self.ill if abnormal else 1 - self.ill
        right, wrong = float(said[mine].mean()), float(said[~mine].mean())
        value = mass * right / (mass * right + (1 - mass) * wrong)
        if self.units.clustered and not self._an_empty_cell:
            low, high = self._resampled(mine, said, lambda r, w: mass * r / (mass * r + (1 - mass) * w))
            method = self.units.told(self.resampling)
        else:
            low, high, method = self._logit(right, self._count(mine), wrong, self._count(~mine), mass)
        return self._estimate(value, min(low, value), max(high, value), int(said.sum()), method)

    def recall_rate(self) -> Estimate:
        """Share of all cases that would be recalled."""
        hit, mass = self.hit.astype(np.float64), self.ill
        value = mass * float(hit[self.positive].mean()) + (1 - mass) * float(hit[~self.positive].mean())
        if self.units.clustered and not self._an_empty_cell:
            low, high = self._resampled(self.positive, hit, lambda r, w: mass * r + (1 - mass) * w)
            method = self.units.told(self.resampling)
        else:
            low, high, method = self._combined(value)
        return self._estimate(value, low, high, len(hit), method)

    @property
    def _an_empty_cell(self) -> bool:
        return any(len(np.unique(self.hit[which])) < 2 for which in (self.positive, ~self.positive))

    def _count(self, which: NDArray[np.bool_]) -> int:
        return len(np.unique(self.units.of_case[which]))

    def _resampled(
        self, mine: NDArray[np.bool_], said: Numbers, statistic: Callable[[Numbers, Numbers], Numbers]
    ) -> tuple[float, float]:
        def replicate(weights: Numbers) -> Numbers:
            # A replicate without one of the classes, or in which nobody was decided so, is 0/0: NaN, and left out.
            with np.errstate(invalid="ignore"):
                right, wrong = (
                    weights[:, which] @ said[which] / weights[:, which].sum(axis=1) for which in (mine, ~mine)
                )
                return statistic(right, wrong)

        return self.resampling.bounds(self.units.replicated(replicate, self.resampling))

    def _logit(self, right: float, n_right: int, wrong: float, n_wrong: int, mass: float) -> tuple[float, float, str]:
        z = NormalDist().inv_cdf((1 + self.resampling.confidence) / 2)
        counts, method = (float(n_right), float(n_wrong)), "Mercaldo logit"
        if self._an_empty_cell:
            right, wrong = ((p * n + z * z / 2) / (n + z * z) for p, n in ((right, n_right), (wrong, n_wrong)))
            counts, method = (n_right + z * z, n_wrong + z * z), "Mercaldo adjusted logit"
        logit = math.log(mass * right / ((1 - mass) * wrong))
        half = z * math.sqrt((1 - right) / right / counts[0] + (1 - wrong) / wrong / counts[1])
        return 1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit)), method

    def _combined(self, value: float) -> tuple[float, float, str]:
        group = self.units.of_case if self.units.clustered else None
        ill, well = (
            share(self.hit[which], None if group is None else group[which], resampling=self.resampling)
            for which in (self.positive, ~self.positive)
        )
        weights = self.ill, 1 - self.ill
        down = math.hypot(weights[0] * (ill.value - ill.low), weights[1] * (well.value - well.low))
        up = math.hypot(weights[0] * (ill.high - ill.value), weights[1] * (well.high - well.value))
        return value - down, value + up, f"Zou and Donner, from {ill.method}"

    def _estimate(self, value: float, low: float, high: float, n: int, method: str) -> Estimate:
        told = f"{method}, at prevalence {self.ill:g}"
        return Estimate(value=value, low=low, high=high, n=n, method=told, confidence=self.resampling.confidence)
