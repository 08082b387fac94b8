"""Boosted trees from LightGBM's text format."""

from __future__ import annotations

from typing import Any

from samdrift_registry.formats import check_file
from samdrift_registry.loaders.the_file import the_file
from samdrift_registry.verified import VerifiedModel


def load_lightgbm(model: VerifiedModel) -> Any:
    """The `lightgbm.Booster` of the one `.lgb` file, which is what MLflow calls the text format.

    Raises:
        OtherKindError: the model has not exactly one such file.
        DisguisedFileError: the rules have become stricter since it was taken in.
    """
    import lightgbm

    path = the_file(model, ".lgb")
    check_file(model.folder, path)
    return lightgbm.Booster(model_file=path)
