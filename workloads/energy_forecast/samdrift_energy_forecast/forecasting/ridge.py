"""The family model: a ridge regression that a building's own is pulled towards, and trees that know how it errs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samdrift_energy_forecast.errors import ShippedModelError
from samdrift_energy_forecast.forecasting import features
from samdrift_energy_forecast.forecasting.trees import FamilyTrees

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS_FILE, FACTS_FILE, TREES_FILE = "model.safetensors", "model.json", "trees.txt"


@dataclass(frozen=True, kw_only=True)
class FamilyModel:
    """What buildings have in common, in heat per `scale` (see `heat_scale`); the prior of every building's own fit."""

    #: One weight a feature, shape `(len(features.NAMES),)`.
    weights: NDArray[np.float64]
    #: Root mean square of each feature over the family: makes the penalty fair between features. Same shape.
    feature_scale: NDArray[np.float64]
    #: Strength of the pull towards the family, in hours of readings.
    penalty: float
    #: None where the family has no trees; then the ridge stands alone.
    trees: FamilyTrees | None = None

    @classmethod
    def load(cls, folder: Path) -> FamilyModel:
        """Read the folder; ShippedModelError when the ridge's files are missing or made for other features."""
        from safetensors.numpy import load_file

        if missing := [name for name in (FACTS_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]:
            raise ShippedModelError(
                f"The model's folder has no {' and no '.join(missing)}, so it is not a family model of heat. Log a "
                "folder like the shipped energy-forecast-ridge with samdrift_registry.log.log_model."
            )
        facts: dict[str, Any] = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        if tuple(facts["features"]) != features.NAMES:
            raise ShippedModelError(f"The model in {folder.name} was trained on other features. Train it again.")
        arrays = load_file(folder / WEIGHTS_FILE)
        trees = folder / TREES_FILE
        return cls(
            weights=arrays["weights"],
            feature_scale=arrays["feature_scale"],
            penalty=float(facts["penalty"]),
            trees=FamilyTrees(trees.read_text(encoding="utf-8")) if trees.is_file() else None,
        )

    def adapted(self, design: NDArray[np.float64], heat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights for each building: least squares plus `penalty` times the squared distance from the family.

        `design` is `(..., n, p)`, `heat` `(..., n)` in heat per scale; rows with a NaN are left out. With no row left
        the family's own weights come back, which is how a building without history begins.
        """
        known = np.isfinite(design).all(axis=-1) & np.isfinite(heat)
        rows = np.where(known[..., None], design, 0.0) / self.feature_scale
        prior = self.weights * self.feature_scale
        residual = np.where(known, heat - rows @ prior, 0.0)
        across = rows.swapaxes(-1, -2)
        normal = across @ rows + self.penalty * np.eye(len(prior))
        shift = np.linalg.solve(normal, across @ residual[..., None])[..., 0]
        return (prior + shift) / self.feature_scale


def heat_scale(heat_kwh: NDArray[np.float64], temperature_c: NDArray[np.float64]) -> float:
    """A building's size as its heat signature: kWh an hour for each degree below the base temperature.

    Both series have shape `(n,)`; NaN hours are left out. With it a house and a school share one family model.
    """
    known = np.isfinite(heat_kwh)
    degrees = np.maximum(0.0, features.BASE_C - temperature_c[known]).sum()
    return max(float(heat_kwh[known].sum()) / max(float(degrees), 1.0), 1e-6)
