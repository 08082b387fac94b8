"""Arrays in safetensors: a header of JSON and bytes, nothing that could run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from samdrift_registry.loaders.the_file import the_file
from samdrift_registry.verified import VerifiedModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def load_safetensors(model: VerifiedModel) -> Mapping[str, NDArray[np.generic]]:
    """The arrays of the one `.safetensors` file, by name.

    Raises:
        OtherKindError: the model has not exactly one such file.
    """
    from safetensors.numpy import load_file

    arrays: Mapping[str, NDArray[np.generic]] = load_file(the_file(model, ".safetensors"))
    return arrays
