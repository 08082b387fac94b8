"""Whether 7 % means 7 of 100: reliability, Brier score, calibration error, calibration line."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate


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
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    resampling: Resampling | None = None,
) -> tuple[Bin, ...]:
    """The reliability curve in bins of about equal mass, from low to high; equal probabilities share a bin."""
    raise NotImplementedError


def brier(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Estimate:
    """Mean squared distance of probability and outcome, 0 to 1; smaller is better."""
    raise NotImplementedError


def calibration_error(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    resampling: Resampling | None = None,
) -> Estimate:
    """Expected calibration error over bins of equal mass ("adaptive ECE"), 0 to 1."""
    raise NotImplementedError


def calibration_line(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> CalibrationLine:
    """Intercept and slope of the logistic recalibration."""
    raise NotImplementedError
