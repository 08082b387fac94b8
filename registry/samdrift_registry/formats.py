"""What a file really is, whatever its name: a model is taken in only if no part of it can run code when it is loaded.

The lists are the platform's. MLflow stores the list of types that skops may load in the model's own `MLmodel`, where
whoever made the model writes it; that list is never read here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from samdrift_registry.errors import DisguisedFileError, ForbiddenFormatError, UntrustedTypeError
from samdrift_registry.exported_program import check_program
from samdrift_registry.inventory import open_plain
from samdrift_registry.pickles import is_pickle

#: Types beyond skops' own: what calibrated classifiers, networks, trees and LightGBM's models for scikit-learn need.
#: None calls what it holds. Compiled ones (Tree) trust the indices they read, so a hostile one can crash a replica.
TRUSTED_TYPES = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    }
)
_MOST_HEADER_BYTES = 100_000_000


def check_contents(folder: Path) -> str:
    """Look into every file of `folder`; the kind of model that it holds.

    Returns:
        "skops", "lightgbm", "torch.export" or "safetensors"; "files" when it holds none of these.

    Raises:
        ForbiddenFormatError: a file is a pickle, whatever its name.
        DisguisedFileError: a file is not what its name says.
        UntrustedTypeError: a skops file or an exported program names what is not on the platform's lists.
    """
    kinds = {check_file(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return next((kind for kind in ("torch.export", "skops", "lightgbm", "safetensors") if kind in kinds), "files")


def check_file(folder: Path, path: Path) -> str:
    """Look into one file below `folder`; the kind of model that it is, or "files". Raises as `check_contents`."""
    relative = path.relative_to(folder).as_posix()
    with open_plain(path) as file:
        if is_pickle(file):
            raise ForbiddenFormatError.about(f"{relative} is a pickle")
    check, kind = _CHECKS.get(PurePosixPath(relative).suffix, (_check_text, "files"))
    check(relative, path)
    return kind


def _check_text(relative: str, path: Path) -> None:
    """Everything else that is admitted is text."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DisguisedFileError.about(f"{relative} is not text in UTF-8") from error
    if "\0" in text:
        raise DisguisedFileError.about(f"{relative} is not text")


def _check_safetensors(relative: str, path: Path) -> None:
    """A header of at most 100 MB of JSON, and as many bytes as it says (huggingface/safetensors, README, "Format")."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            tensors: dict[str, Any] = json.loads(file.read(min(size, _MOST_HEADER_BYTES)))
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
        told = 8 + size + max(ends, default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DisguisedFileError.about(f"{relative} is not a safetensors file") from error
    if told != path.stat().st_size:
        raise DisguisedFileError.about(f"{relative} holds more or less than its header says")


def _check_lightgbm(relative: str, path: Path) -> None:
    _check_text(relative, path)
    with path.open(encoding="utf-8") as file:
        if file.readline().strip() != "tree":
            raise DisguisedFileError.about(f"{relative} is not LightGBM's text format")


def _check_skops(relative: str, path: Path) -> None:
    from skops.io import get_untrusted_types

    try:
        types = set(get_untrusted_types(file=path))
    except Exception as error:  # a stranger's file may break skops in any way; each of them means no
        raise DisguisedFileError.about(f"{relative} is not a skops file ({type(error).__name__})") from error
    if strange := sorted(types - TRUSTED_TYPES):
        raise UntrustedTypeError.about(f"{relative} names {', '.join(strange)}")


def _check_torch_export(relative: str, path: Path) -> None:
    check_program(relative, path.read_bytes())


_CHECKS: Mapping[str, tuple[Callable[[str, Path], None], str]] = {
    ".safetensors": (_check_safetensors, "safetensors"),
    ".skops": (_check_skops, "skops"),
    ".lgb": (_check_lightgbm, "lightgbm"),
    ".pt2": (_check_torch_export, "torch.export"),
}
