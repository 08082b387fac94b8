"""The closed-form recipe: Fisher's linear discriminant between cells in a finding and cells of images without any.

The covariance is regularised by the identity (Friedman, JASA 84 (1989) 165-175). There are no random numbers and no
iterations, so the same images give the same head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.features import TAPS, WIDTH
from samdrift_mammography.lesion_head import CellReading, LesionHead
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.labels import Severity


@dataclass(frozen=True, kw_only=True)
class Fisher:
    """The recipe with its few choices."""

    #: Added to the diagonal of the cells' covariance; features have variance 1 within each image.
    shrinkage: float = 3.0
    #: Positions in `features.TAPS` whose features are used; the others get the weight 0.
    taps: tuple[int, ...] = tuple(range(len(TAPS)))
    reading: CellReading = field(default_factory=CellReading)

    def fit(self, known: Sequence[Example]) -> LesionHead:
        """The head of these images. Findings count alike whatever their size, and so do normal images.

        Raises:
            TrainingDataError: no finding has a place, or there is no image without a finding.
        """
        findings = [features for each in known for features in each.lesion_features]
        normal = [each for each in known if each.image.severity is Severity.NORMAL]
        if not findings or not normal:
            raise TrainingDataError(
                f"There are {len(findings)} findings with a place and {len(normal)} images without a finding; "
                "a lesion head needs both. Give the places of the findings in the label file."
            )
        mean, covariance = _moments(normal)
        used = self._used()
        towards = (np.mean(findings, axis=0, dtype=np.float64) - mean)[used]
        weight = np.zeros(WIDTH, dtype=np.float32)
        regularised = covariance[np.ix_(used, used)] + self.shrinkage * np.eye(len(used))
        weight[used] = np.linalg.solve(regularised, towards)
        return LesionHead(weight=weight, reading=self.reading)

    def _used(self) -> NDArray[np.int64]:
        bounds = np.cumsum([0, *(channels for _, _, channels in TAPS)])
        return np.concatenate([np.arange(bounds[tap], bounds[tap + 1]) for tap in self.taps])


def _moments(normal: Sequence[Example]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance over the cells that count, each image with the same weight."""
    mean, second = np.zeros(WIDTH), np.zeros((WIDTH, WIDTH))
    for each in normal:
        mean += each.moments.mean
        second += each.moments.second
    mean, second = mean / len(normal), second / len(normal)
    return mean, second - np.outer(mean, mean)
