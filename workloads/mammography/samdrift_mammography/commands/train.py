"""`samdrift mammography train`: a model from a region's own labelled images."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_mammography.reasons import BANNER

if TYPE_CHECKING:
    from samdrift_mammography.training.cross_validation import Recipe

Images = Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False, help="Folder of the images.")]
Labels = Annotated[
    Path,
    typer.Option(
        "--labels", exists=True, dir_okay=False, show_default=False, help="CSV: docs/reference/mammography-labels.md."
    ),
]


class Method(StrEnum):
    """How the head is made."""

    #: Fisher's discriminant: no random numbers, seconds once the features are there.
    CLOSED_FORM = "closed-form"
    #: Lightning's loop with early stopping.
    GRADIENT = "gradient"


def train(
    folder: Images,
    labels: Labels,
    into: Annotated[Path, typer.Option("--into", file_okay=False, show_default=False, help="Folder for the model.")],
    method: Annotated[Method, typer.Option(help="How the head is made.")] = Method.CLOSED_FORM,
    tuned_blocks: Annotated[int, typer.Option(min=0, max=15, help="Last blocks of the trunk that learn too.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="At most so many passes (gradient).")] = 20,
) -> None:
    """Train a lesion head on labelled images, cross-validate it by woman, and write a folder to register.

    A GPU is used where there is one. The same images and choices give the same model on the same machine.
    """
    import torch

    from samdrift_mammography.training.collection import labelled
    from samdrift_mammography.training.examples import examples, extractor
    from samdrift_mammography.training.model_folder import make

    sys.stderr.write(f"{BANNER}\n")
    torch.set_num_threads(1)
    recipe = _recipe(method, tuned_blocks, epochs)
    collection = labelled(folder, labels)
    known = list(examples(collection.images, extractor()))
    told = make(into, collection, known, recipe, command="samdrift mammography train", seeds=(0,))
    sys.stdout.writelines(f"{line}\n" for line in told)


def _recipe(method: Method, tuned_blocks: int, epochs: int) -> Recipe:
    if method is Method.CLOSED_FORM:
        if tuned_blocks:
            raise typer.BadParameter("Blocks are tuned by gradient only.", param_hint="--tuned-blocks")
        from samdrift_mammography.training.fisher import Fisher

        return Fisher()
    from samdrift_mammography.training.gradient import Gradient

    return Gradient(epochs=epochs, tuned_blocks=tuned_blocks)
