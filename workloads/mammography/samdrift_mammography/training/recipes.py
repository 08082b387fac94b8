"""A recipe as it stands in `model.json`, so that whoever evaluates a model can follow it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from samdrift_mammography.errors import WrongWeightsError
from samdrift_mammography.lesion_head import CellReading
from samdrift_mammography.training.cross_validation import Recipe
from samdrift_mammography.training.fisher import Fisher

CLOSED_FORM, GRADIENT = "fisher", "gradient"


def document_of(recipe: Recipe) -> dict[str, Any]:
    """The recipe's kind and choices."""
    kind = CLOSED_FORM if isinstance(recipe, Fisher) else GRADIENT
    return {"kind": kind, **asdict(recipe)}  # type: ignore[call-overload] # both are dataclasses


def recipe_of(document: Mapping[str, Any]) -> Recipe:
    """The recipe that `document_of` wrote.

    Raises:
        WrongWeightsError: it is no recipe of this version.
    """
    choices = {name: value for name, value in document.items() if name != "kind"}
    try:
        choices["reading"] = CellReading(**choices["reading"])
        if document["kind"] == CLOSED_FORM:
            return Fisher(**{**choices, "taps": tuple(choices["taps"])})
        if document["kind"] == GRADIENT:
            from samdrift_mammography.training.gradient import Gradient
            from samdrift_mammography.training.lesion_module import Rates

            return Gradient(**{**choices, "rates": Rates(**choices["rates"])})
    except (KeyError, TypeError) as error:
        raise WrongWeightsError(_UNKNOWN) from error
    raise WrongWeightsError(_UNKNOWN)


_UNKNOWN = "The model's recipe is none that this version knows, so it cannot be followed. Train the model again."
