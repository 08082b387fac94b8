"""Exported programs of torch, from an archive that is made anew of what was checked."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from samdrift_registry.exported_program import rebuilt
from samdrift_registry.loaders.the_file import the_file
from samdrift_registry.verified import VerifiedModel


def load_torch_export(model: VerifiedModel) -> Any:
    """The `torch.export.ExportedProgram` of the one `.pt2` file, without its sample inputs and stack traces.

    Call `.module()` for something that computes.

    Raises:
        OtherKindError: the model has not exactly one such file.
        UntrustedTypeError, DisguisedFileError: the rules have become stricter since it was taken in.
    """
    import torch

    path = the_file(model, ".pt2")
    return torch.export.load(BytesIO(rebuilt(path.name, path.read_bytes())))
