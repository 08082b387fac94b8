"""Breast density from grey-value histograms: the classes A-D of BI-RADS (5th edition), for reporting.

The histogram baseline of Wu et al., "Breast density classification with deep convolutional neural networks" (ICASSP
2018, arXiv:1711.03674): 50 bins of each of the four standard views, one hidden layer of 100 units, softmax over four
classes. Its weights (nyukat/breast_density_classifier, BSD-2) are no part of this package: `DENSITY_MODEL` names the
file. Without it no density is told. It was trained on digital mammograms of one American centre; on digitised film and
on other vendors it is unmeasured here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.settings import DENSITY_MODEL
from samdrift_mammography.views import View

#: Bins between a view's lowest and highest grey value.
BINS = 50
#: Rows to columns of the window in which a view's histogram is taken: that of the model's training, 2600 x 2000.
WINDOW = 2600 / 2000
#: The order in which the model was trained to see the views.
ORDER = (View.LCC, View.RCC, View.LMLO, View.RMLO)
CLASSES = ("A", "B", "C", "D")

_SHAPES = {"fc1.weight": (100, 4 * BINS), "fc1.bias": (100,), "fc2.weight": (4, 100), "fc2.bias": (4,)}


@dataclass(frozen=True, kw_only=True)
class Density:
    """What the model says about one exam; it sums to 1."""

    #: Of the classes A (almost entirely fatty), B, C, D (extremely dense).
    probabilities: tuple[float, float, float, float]

    @property
    def most_likely(self) -> str:
        """One of `CLASSES`."""
        return CLASSES[int(np.argmax(self.probabilities))]


class DensityModel:
    """The trained histogram model."""

    def __init__(self, weights: Mapping[str, NDArray[np.float64]]) -> None:
        self._weights = weights

    @classmethod
    def from_settings(cls) -> DensityModel | None:
        """The model that the operator named, or None: then nothing is said about density.

        Raises:
            WrongWeightsError: the file is not there, or holds something else.
        """
        named = DENSITY_MODEL.value()
        return cls.load(Path(named)) if named else None

    @classmethod
    def load(cls, file: Path) -> DensityModel:
        """Read a PyTorch state dict, as tensors only: nothing in the file is executed.

        Raises:
            WrongWeightsError: the file is not there, or holds something else.
        """
        import pickle

        import torch

        try:
            state = torch.load(file, weights_only=True, map_location="cpu")
            weights = {name: np.asarray(state[name], dtype=np.float64) for name in _SHAPES}
        except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise WrongWeightsError(
                f"{file.name} is no histogram model of density. Correct {DENSITY_MODEL.name}."
            ) from error
        if {name: each.shape for name, each in weights.items()} != _SHAPES:
            raise WrongWeightsError(f"{file.name} has weights of other shapes. Correct {DENSITY_MODEL.name}.")
        return cls(weights)

    def density(self, histograms: Mapping[View, NDArray[np.float64]]) -> Density | None:
        """The density of an exam from `histogram` of its views; None unless all four standard views are there."""
        if not set(ORDER) <= set(histograms):
            return None
        hidden = self._layer("fc1", np.concatenate([histograms[view] for view in ORDER]))
        logits = self._layer("fc2", np.maximum(hidden, 0))
        odds = np.exp(logits - logits.max())
        a, b, c, d = (float(share) for share in odds / odds.sum())
        return Density(probabilities=(a, b, c, d))

    def _layer(self, name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        layer: NDArray[np.float64] = self._weights[f"{name}.weight"] @ x + self._weights[f"{name}.bias"]
        return layer


def histogram(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shares of the grey values of `pixels` (rows, columns; the breast's bounding box), shape (`BINS`,).

    The box is widened with black to the shape of the training's window, because the share of background counts.
    """
    rows, columns = pixels.shape
    area = max(rows, math.ceil(columns * WINDOW)) * max(columns, math.ceil(rows / WINDOW))
    low, high = float(pixels.min()), float(pixels.max())
    if area > pixels.size:
        low = min(low, 0.0)
    counts = np.histogram(pixels, bins=BINS, range=(low, high))[0].astype(np.float64)
    counts[0] += area - pixels.size
    shares: NDArray[np.float64] = counts / area
    return shares
