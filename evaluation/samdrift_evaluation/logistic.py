"""Logistic regression with a handful of coefficients, by Newton's method; used to look at and to mend calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.errors import TooFewCasesError

STEPS = 100
#: Largest change of a coefficient at which the fit stands still.
STILL = 1e-10
NO_LINE = "no finite logistic line fits: the classes separate completely, or the scores are all the same"


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Coefficients and their covariance."""

    coefficients: Numbers
    #: Shape (coefficients, coefficients).
    covariance: Numbers


def expit(logits: Numbers) -> Numbers:
    """1 / (1 + exp(-logit)) without overflow."""
    return 0.5 * (1 + np.tanh(logits / 2))


def logistic_fit(design: Numbers, target: Numbers, offset: Numbers, group: NDArray[np.intp] | None = None) -> Fit:
    """Maximum likelihood of P = expit(offset + design @ coefficients).

    Args:
        design: shape (cases, coefficients).
        target: outcome of each case, 0 to 1.
        offset: part of the logit that is given.
        group: group of each case, from 0: the covariance is then the cluster-robust one (Liang & Zeger, Biometrika
            73 (1986) 13-22), otherwise the inverse information.

    Raises:
        TooFewCasesError: the likelihood has no maximum (the classes separate completely, or a column is constant).
    """
    coefficients = np.zeros(design.shape[1])
    for _ in range(STEPS):
        score, information = _slopes(design, target, offset, coefficients)
        step = _solved(information, score)
        coefficients = coefficients + _shortened(step, design, target, offset, coefficients)
        if np.abs(step).max() < STILL:
            break
    else:
        raise TooFewCasesError(NO_LINE)
    _, information = _slopes(design, target, offset, coefficients)
    inverse = _solved(information, np.eye(len(coefficients)))
    if group is None:
        return Fit(coefficients=coefficients, covariance=inverse)
    residual = target - expit(offset + design @ coefficients)
    return Fit(coefficients=coefficients, covariance=inverse @ _meat(design * residual[:, None], group) @ inverse)


def _slopes(design: Numbers, target: Numbers, offset: Numbers, coefficients: Numbers) -> tuple[Numbers, Numbers]:
    expected = expit(offset + design @ coefficients)
    return design.T @ (target - expected), (design * (expected * (1 - expected))[:, None]).T @ design


def _shortened(step: Numbers, design: Numbers, target: Numbers, offset: Numbers, start: Numbers) -> Numbers:
    """The step, halved until the likelihood does not fall."""

    def likelihood(coefficients: Numbers) -> float:
        logits = offset + design @ coefficients
        return float((target * logits - np.logaddexp(0, logits)).sum())

    before = likelihood(start)
    for _ in range(30):
        if likelihood(start + step) >= before - 1e-12 * abs(before):
            break
        step = step / 2
    return step


def _solved(information: Numbers, right: Numbers) -> Numbers:
    try:
        return np.linalg.solve(information, right).astype(np.float64)
    except np.linalg.LinAlgError as error:
        raise TooFewCasesError(NO_LINE) from error


def _meat(scores: Numbers, group: NDArray[np.intp]) -> Numbers:
    """Sum of outer products of the groups' scores, times G/(G - 1) for few groups."""
    count = int(group.max()) + 1
    if count < 2:
        raise TooFewCasesError("an interval needs at least two independent groups", field="groups")
    sums = np.zeros((count, scores.shape[1]))
    np.add.at(sums, group, scores)
    return sums.T @ sums * count / (count - 1)
