"""Estimators of scikit-learn, and LightGBM's for it, from skops' format: types by name, of which ours are a list."""

from __future__ import annotations

from typing import Any

from samdrift_registry.formats import TRUSTED_TYPES, check_file
from samdrift_registry.loaders.the_file import the_file
from samdrift_registry.verified import VerifiedModel


def load_skops(model: VerifiedModel) -> Any:
    """The estimator of the one `.skops` file. The list of types in the model's own `MLmodel` is not read.

    Raises:
        OtherKindError: the model has not exactly one such file.
        UntrustedTypeError, DisguisedFileError: the rules have become stricter since it was taken in.
    """
    from skops.io import load

    path = the_file(model, ".skops")
    check_file(model.folder, path)
    return load(path, trusted=sorted(TRUSTED_TYPES))
