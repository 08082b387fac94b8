"""Gradient boosting (LightGBM) that a family of buildings shares: how far a building's own ridge is off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import lightgbm
    from numpy.typing import NDArray


@dataclass(frozen=True)
class FamilyTrees:
    """Trees in LightGBM's own text format: nothing in it is executed when it is read."""

    text: str

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """Parsed at the first use, once a process."""
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def corrections(self, design: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
        """What to add to the ridge's `expected`, shape `(..., n)`, in heat per scale; `design` is `(..., n, p)`."""
        rows = tree_rows(design, expected)
        told = self.booster.predict(rows.reshape(-1, rows.shape[-1]), num_threads=1)
        return np.asarray(told, dtype=np.float64).reshape(expected.shape)


def tree_rows(design: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the trees see of an hour: the ridge's features and its answer, shape `(..., n, p + 1)`."""
    return np.concatenate([design, expected[..., None]], axis=-1)
