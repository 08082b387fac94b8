"""Scores made into probabilities, by numbers that can be written into a model card: Platt's, and isotonic."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers


@dataclass(frozen=True, kw_only=True)
class Platt:
    """Probability = 1 / (1 + exp(-(intercept + slope * score)))."""

    intercept: float
    slope: float

    def __call__(self, scores: ArrayLike) -> Numbers:
        """Probabilities of `scores`."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Isotonic:
    """Probability by linear interpolation between points that only ever rise; constant outside them."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, scores: ArrayLike) -> Numbers:
        """Probabilities of `scores`."""
        raise NotImplementedError


def platt(labels: ArrayLike, scores: ArrayLike) -> Platt:
    """Fit on cases that trained neither the model nor anything else that is judged."""
    raise NotImplementedError


def isotonic(labels: ArrayLike, scores: ArrayLike) -> Isotonic:
    """Fit on cases that trained neither the model nor anything else that is judged; needs some hundreds."""
    raise NotImplementedError
