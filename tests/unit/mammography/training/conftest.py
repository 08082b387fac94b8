"""Made-up films in which a lesion differs from breast in one feature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samdrift_mammography.features import WIDTH, Cells
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.labels import LabelledImage, Severity
from samdrift_mammography.views import Laterality, Projection

#: The feature in which made-up lesions differ.
PLANTED = 7


def example(woman: int, severity: Severity, rng: np.random.Generator) -> Example:
    """A film of 60 cells; in abnormal ones five cells differ by three standard deviations in one feature."""
    features = rng.normal(size=(60, WIDTH)).astype(np.float32)
    lesion = np.zeros(60, np.float32)
    if severity is not Severity.NORMAL:
        lesion[:5] = 0.2
        features[:5, PLANTED] += 3
    breast = np.ones((6, 10), bool)
    image = LabelledImage(
        path=Path(f"film {woman}.png"),
        woman=str(woman),
        laterality=Laterality.RIGHT,
        projection=Projection.MLO,
        severity=severity,
        subgroups={"density": "dense" if woman % 2 else "fatty"},
    )
    cells = Cells(features=features, breast=breast, scored=breast)
    return Example(image=image, cells=cells, lesions=[lesion] if lesion.any() else [])


@pytest.fixture(scope="session")
def known() -> list[Example]:
    """48 films of 24 women: every other woman has a benign and a malignant film."""
    rng = np.random.default_rng(0)
    severities = [Severity.NORMAL, Severity.NORMAL, Severity.BENIGN, Severity.MALIGNANT]
    return [example(number // 2, severities[number % 4], rng) for number in range(48)]
