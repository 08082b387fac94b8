"""Model v0, kept as the one that the gate refuses: the usual transfer learning, one label for a whole image.

The frozen trunk's last feature map, its mean and maximum over the image, and a regularised logistic regression on
"malignant or not". It does not know where a finding is, and on these films it does no better than chance.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch.nn import functional

from samdrift_mammography.lesion_head import FACTS_FILE, WEIGHTS_FILE
from samdrift_mammography.network import WEIGHTS_SHA256, EfficientNetLite0
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.training.cross_validation import Scores, splits_of
from samdrift_mammography.training.labels import LabelledImage, Severity

#: Rows and columns that every film is stretched to.
ROWS, COLUMNS = 512, 416
#: Mean and maximum of 1280 channels.
WIDTH = 2560
#: Inverse strength of the L2 penalty.
C = 1e-3

_ARCHITECTURE = {
    "kind": "whole image",
    "trunk": "EfficientNet-Lite0, ImageNet, frozen",
    "trunk_weights_sha256": WEIGHTS_SHA256,
    "rows": ROWS,
    "columns": COLUMNS,
    "features": "mean and maximum of the last map",
}


@dataclass(frozen=True, kw_only=True)
class WholeImageHead:
    """A linear function of a whole image's features."""

    #: (`WIDTH`,)
    weight: NDArray[np.float32]
    bias: float


def is_whole_image(folder: Path) -> bool:
    """Whether the folder holds such a model."""
    facts = folder / FACTS_FILE
    return facts.is_file() and json.loads(facts.read_text(encoding="utf-8")).get("architecture") == _ARCHITECTURE


def save(folder: Path, head: WholeImageHead, facts: Mapping[str, Any]) -> None:
    """Write `model.safetensors` and `model.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weight": head.weight, "bias": np.asarray([head.bias], dtype=np.float32)}, folder / WEIGHTS_FILE)
    document = {"notice": BANNER, "architecture": _ARCHITECTURE, "training": facts}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (folder / FACTS_FILE).write_text(text + "\n", encoding="utf-8")


def load(folder: Path) -> WholeImageHead:
    """What `save` wrote."""
    tensors = load_file(folder / WEIGHTS_FILE)
    return WholeImageHead(weight=tensors["weight"], bias=float(tensors["bias"][0]))


def features(images: Iterable[LabelledImage], network: EfficientNetLite0) -> NDArray[np.float32]:
    """(images, `WIDTH`); the chest wall is on the left in each."""
    from samdrift_mammography.training.transforms import prepared

    load = prepared()
    return np.stack([_features(load({"image": image})["pixels"], network) for image in images])


def fit(features: NDArray[np.float32], severities: Sequence[Severity]) -> WholeImageHead:
    """The head of these images; standardisation is folded into it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    malignant = np.array([each is Severity.MALIGNANT for each in severities])
    model = LogisticRegression(C=C, class_weight="balanced", max_iter=500).fit(scaler.transform(features), malignant)
    weight = model.coef_[0] / scaler.scale_
    return WholeImageHead(weight=weight.astype(np.float32), bias=float(model.intercept_[0] - weight @ scaler.mean_))


def out_of_fold(images: Sequence[LabelledImage], found: NDArray[np.float32], seed: int) -> Scores:
    """Each image's score by a head that has seen no image of the same woman."""
    scores = np.zeros(len(images))
    for train, test in splits_of(images, seed):
        head = fit(found[train], [images[index].severity for index in train])
        scores[test] = found[test] @ head.weight + head.bias
    return scores


def _features(pixels: NDArray[np.float32], network: EfficientNetLite0) -> NDArray[np.float32]:
    x = functional.interpolate(torch.from_numpy(pixels)[None], size=(ROWS, COLUMNS), mode="bilinear")
    with torch.inference_mode():
        found = network.last_map(((x - 127) / 128).expand(1, 3, -1, -1))[0]
    return torch.cat([found.mean(dim=(-2, -1)), found.amax(dim=(-2, -1))]).numpy()
