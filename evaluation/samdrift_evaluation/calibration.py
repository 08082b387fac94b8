"""Whether 7 % means 7 of 100: reliability, Brier score, calibration error, calibration line."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, coded, probabilities, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.logistic import Fit, logistic_fit
from samdrift_evaluation.proportions import exact_bounds
from samdrift_evaluation.shares import share
from samdrift_evaluation.units import units_of

#: Probabilities nearer to 0 or 1 than this are taken as this far away where a logit is needed.
NEAREST = 1e-6


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Cases with about the same probability."""

    #: Mean probability that the model gave them.
    expected: float
    #: Share of them that were abnormal.
    observed: Estimate


@dataclass(frozen=True, kw_only=True)
class CalibrationLine:
    """Cox's: logit of the true risk = intercept + slope * logit of the stated one; 0 and 1 when calibrated."""

    #: Intercept with the slope held at 1 (calibration in the large): above 0 when risks are stated too low.
    intercept: Estimate
    #: Below 1 when stated risks are too extreme (overfitting).
    slope: Estimate


def reliability(
    labels: ArrayLike,
    stated: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    resampling: Resampling | None = None,
) -> tuple[Bin, ...]:
    """The reliability curve of the probabilities `stated`, in bins of about equal mass, from low to high.

    Equal probabilities share a bin, so there may be fewer bins than asked for. The interval of a bin is Wilson's, or
    with `groups` a cluster bootstrap of its cases; a bin whose cases are all of one group has the whole of [0, 1].
    """
    positive, probability = _pair(labels, stated)
    group = None if groups is None else coded("groups", groups)[0]
    place = _equal_mass(probability, bins)
    return tuple(
        Bin(
            expected=float(probability[place == which].mean()),
            observed=_observed(positive[place == which], None if group is None else group[place == which], resampling),
        )
        for which in range(int(place.max()) + 1)
    )


def brier(
    labels: ArrayLike, stated: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None
) -> Estimate:
    """Mean squared distance of probability and outcome, 0 to 1: less is better.

    Brier, Monthly Weather Review 78 (1950) 1-3. Bootstrap over cases, or over `groups`.
    Without any error at all the upper bound is the exact binomial one.
    """
    positive, probability = _pair(labels, stated)
    chosen, units = resampling or Resampling(), units_of(len(positive), groups)
    squares = (probability - positive) ** 2
    replicates = units.replicated(lambda weights: weights @ squares / weights.sum(axis=1), chosen)
    low, high, method = *chosen.bounds(replicates), units.told(chosen)
    if not squares.any():
        low, high = exact_bounds(0, units.count, chosen.confidence)
        method = f"Clopper-Pearson exact over {units.count} (no error at all)"
    return Estimate(
        value=float(squares.mean()),
        low=low,
        high=high,
        n=len(squares),
        method=method,
        confidence=chosen.confidence,
    )


def calibration_error(
    labels: ArrayLike,
    stated: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    resampling: Resampling | None = None,
) -> Estimate:
    """Expected calibration error over bins of equal mass ("adaptive ECE", Nixon et al., CVPR workshops 2019), 0 to 1.

    With few cases a perfectly calibrated model has an error above 0 too, and resampling adds to that once more: the
    upper bound is therefore on the careful side, and the lower one is stretched to hold the value where the
    percentiles lie above it. Bins stay as they are in every replicate.
    """
    positive, probability = _pair(labels, stated)
    chosen, units = resampling or Resampling(), units_of(len(positive), groups)
    place = _equal_mass(probability, bins)
    gaps = np.zeros((len(place), int(place.max()) + 1))
    gaps[np.arange(len(place)), place] = positive - probability

    def error(weights: Numbers) -> Numbers:
        errors: Numbers = np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)
        return errors

    value = float(error(np.ones((1, len(place))))[0])
    low, high = chosen.bounds(units.replicated(error, chosen))
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=len(place),
        method=units.told(chosen) + f", {gaps.shape[1]} bins of equal mass",
        confidence=chosen.confidence,
    )


def calibration_line(
    labels: ArrayLike, stated: ArrayLike, groups: ArrayLike | None = None, *, confidence: float = 0.95
) -> CalibrationLine:
    """Intercept and slope of the logistic recalibration (Cox, Biometrika 45 (1958) 562-565), with Wald's intervals.

    With `groups` the standard errors are cluster-robust. Probabilities are kept 1e-6 away from 0 and 1.

    Raises:
        TooFewCasesError: a class has fewer than two cases, the classes separate completely, or the probabilities
            are all the same.
    """
    positive, probability = _pair(labels, stated)
    if not 2 <= positive.sum() <= len(positive) - 2:
        raise TooFewCasesError("a calibration line needs two cases of each class", field="labels")
    kept = np.clip(probability, NEAREST, 1 - NEAREST)
    logit, ones = np.log(kept / (1 - kept)), np.ones((len(kept), 1))
    group = None if groups is None else coded("groups", groups)[0]
    large = logistic_fit(ones, positive, logit, group)
    line = logistic_fit(np.column_stack([ones, logit]), positive, np.zeros(len(kept)), group)
    method = "Wald" if group is None else f"cluster-robust Wald over {int(group.max()) + 1} groups"
    return CalibrationLine(
        intercept=_wald(large, 0, len(kept), method, confidence), slope=_wald(line, 1, len(kept), method, confidence)
    )


def _pair(labels: ArrayLike, stated: ArrayLike) -> tuple[Numbers, Numbers]:
    positive, probability = binary("labels", labels).astype(np.float64), probabilities("stated", stated)
    same_length(labels=positive, stated=probability)
    return positive, probability


def _equal_mass(probability: Numbers, bins: int) -> NDArray[np.intp]:
    """The bin of each case, from 0 without gaps: by the middle of the ranks that its probability takes up."""
    if bins < 1:
        raise EvaluationError(f"{bins} bins hold no case.", field="bins")
    _, place, counts = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    wanted = np.floor(bins * middle / len(probability))
    return np.unique(wanted, return_inverse=True)[1][place]


def _observed(positive: Numbers, group: NDArray[np.intp] | None, resampling: Resampling | None) -> Estimate:
    if group is None or len(np.unique(group)) > 1:
        return share(positive, group, resampling=resampling)
    confidence = (resampling or Resampling()).confidence
    value, n = float(positive.mean()), len(positive)
    return Estimate(value=value, low=0.0, high=1.0, n=n, method="one group only", confidence=confidence)


def _wald(fit: Fit, which: int, n: int, method: str, confidence: float) -> Estimate:
    value = float(fit.coefficients[which])
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(np.sqrt(fit.covariance[which, which]))
    return Estimate(value=value, low=value - half, high=value + half, n=n, method=method, confidence=confidence)
