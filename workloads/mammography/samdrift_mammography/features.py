"""What the frozen network says about every cell of a film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from samdrift_mammography.film import CELL, COARSE, Film, Mask
from samdrift_mammography.network import EfficientNetLite0

#: (scale of the film, block whose output is taken, its channels): steps of 3.2 to 13 mm.
TAPS = ((1.0, 7, 80), (1.0, 10, 112), (1.0, 14, 192), (0.5, 7, 80), (0.5, 10, 112), (0.5, 14, 192))
#: Features of a cell.
WIDTH = sum(channels for _, _, channels in TAPS)


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Features of one film's breast cells, each feature with mean 0 and variance 1 over that film's cells."""

    #: (number of breast cells, `WIDTH`), in the order of `np.flatnonzero(breast)`.
    features: NDArray[np.float32]
    #: (rows, columns) of cells: which are breast.
    breast: Mask
    #: Which of them count for the film's score.
    scored: Mask

    def on_grid(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the breast cells on the grid, NaN elsewhere."""
        grid = np.full(self.breast.shape, np.nan, dtype=np.float32)
        grid[self.breast] = values
        return grid


class FeatureExtractor:
    """Runs the network over films; one forward pass for each scale."""

    def __init__(self, network: EfficientNetLite0, device: str = "cpu") -> None:
        """Run `network` on `device`, as PyTorch names it."""
        self._network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in torch's stubs
        self._device = device

    def cells(self, film: Film) -> Cells:
        """The features of `film`'s cells. The same film gives the same bits on the same machine."""
        breast, scored = cells_of(film.breast), cells_of(film.scored)
        pixels, mask = (torch.from_numpy(each).to(self._device) for each in (film.pixels, breast))
        with torch.inference_mode():
            features = cell_features(self._network, pixels, mask)
        return Cells(features=features.cpu().numpy(), breast=breast, scored=scored & breast)


def cell_features(network: EfficientNetLite0, pixels: Tensor, breast: Tensor) -> Tensor:
    """(number of breast cells, `WIDTH`) from `pixels` (rows, columns) and `breast` (rows, columns of cells).

    Each feature has mean 0 and variance 1 over the cells. Gradients flow where the network's parameters ask for them.
    """
    return _standardised(_maps(network, pixels, breast.shape)[:, breast].T)


def cells_of(mask: Mask) -> Mask:
    """A cell belongs to a mask when at least three of its four squares do."""
    side = CELL // COARSE
    rows, columns = (size // side for size in mask.shape)
    counts = mask.reshape(rows, side, columns, side).sum(axis=(1, 3))
    chosen: Mask = counts > side * side // 2
    return chosen


def _maps(network: EfficientNetLite0, pixels: Tensor, grid: tuple[int, ...]) -> Tensor:
    """(WIDTH, rows, columns) of cells."""
    found: list[Tensor] = []
    for scale in sorted({scale for scale, _, _ in TAPS}, reverse=True):
        blocks = [block for at, block, _ in TAPS if at == scale]
        found += network.taps(_network_input(pixels, scale), blocks)
    return torch.cat([functional.interpolate(tap, size=grid, mode="bilinear")[0] for tap in found])


def _network_input(pixels: Tensor, scale: float) -> Tensor:
    """(1, 3, rows, columns) in the range of the network's training, (v - 127) / 128."""
    x = pixels[None, None]
    if scale != 1.0:
        x = functional.interpolate(x, scale_factor=scale, mode="area")
    return ((x - 127) / 128).expand(1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def _standardised(features: Tensor) -> Tensor:
    """Per film, because scanners, film and exposure shift all cells of a film alike."""
    spread = features.std(dim=0, correction=0)
    return (features - features.mean(dim=0)) / torch.where(spread > 0, spread, 1.0)
