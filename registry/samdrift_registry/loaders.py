"""Loads verified models of the kinds that are taken in, each by the one way that runs no code of the model's maker.

Only a `VerifiedModel` is accepted: its files are those that were looked into when it was taken in (`formats`), byte for
byte. The allow-lists are the platform's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_registry.errors import RegistryError
from samdrift_registry.formats import TRUSTED_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from samdrift_registry.verified import VerifiedModel


class OtherKindError(RegistryError):
    """The version holds a model of another kind. Register one of the kind that the workload loads."""

    status = 422


def load_safetensors(model: VerifiedModel) -> Mapping[str, NDArray[np.generic]]:
    """The arrays of the one `.safetensors` file, by name."""
    from safetensors.numpy import load_file

    arrays: Mapping[str, NDArray[np.generic]] = load_file(_the_file(model, ".safetensors"))
    return arrays


def load_skops(model: VerifiedModel) -> Any:
    """The scikit-learn estimator, or LightGBM's scikit-learn one, of the one `.skops` file."""
    from skops.io import load

    return load(_the_file(model, ".skops"), trusted=sorted(TRUSTED_TYPES))


def load_lightgbm(model: VerifiedModel) -> Any:
    """The `lightgbm.Booster` of the one `.lgb` file (MLflow's name for LightGBM's text format)."""
    import lightgbm

    return lightgbm.Booster(model_file=_the_file(model, ".lgb"))


def load_torch_export(model: VerifiedModel) -> Any:
    """The `torch.export.ExportedProgram` of the one `.pt2` file; call `.module()` for something that computes.

    torch reads the sample inputs with a full unpickler (weights_only=False); `formats` has seen to it, before the
    version was signed, that the pickles inside name nothing but tensors.
    """
    import torch

    return torch.export.load(_the_file(model, ".pt2"))


def _the_file(model: VerifiedModel, suffix: str) -> Path:
    found = sorted(path for path in model.folder.rglob(f"*{suffix}") if path.is_file())
    if len(found) != 1:
        raise OtherKindError(f"{model.name} version {model.version} holds {len(found)} files {suffix}, not one.")
    return found[0]
