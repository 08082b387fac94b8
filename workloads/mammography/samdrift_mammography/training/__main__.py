"""Makes a model of this package again from mini-MIAS: `python -m samdrift_mammography.training`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from samdrift_mammography.training.brought_along import RECIPES, Made
from samdrift_mammography.training.collection import Collection, mini_mias_collection

COMMAND = "python -m samdrift_mammography.training"


def train(which: Made, folder: Path) -> list[str]:
    """Fit and measure on all films, write the model to `folder`; what there is to say, a line each.

    Raises:
        TrainingDataError: SAMDRIFT_DATA does not hold the films.
    """
    import torch

    torch.set_num_threads(1)
    collection = mini_mias_collection()
    return _whole_image(folder, collection) if which is Made.WHOLE_IMAGE else _lesion_head(which, folder, collection)


def _lesion_head(which: Made, folder: Path, collection: Collection) -> list[str]:
    from samdrift_mammography.training.examples import examples, extractor
    from samdrift_mammography.training.model_folder import make

    known = list(examples(collection.images, extractor()))
    return make(folder, collection, known, RECIPES[which], command=COMMAND)


def _whole_image(folder: Path, collection: Collection) -> list[str]:
    from samdrift_mammography.network import pretrained
    from samdrift_mammography.training import whole_image

    found = whole_image.features(collection.images, pretrained())
    head = whole_image.fit(found, [image.severity for image in collection.images])
    whole_image.save(folder, head, {"command": COMMAND, "data": collection.name, "seen": sorted(collection.digests())})
    return [f"Written to {folder}"]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--model", type=Made, choices=list(Made), default=Made.SHIPPED)
    parser.add_argument(
        "--into", type=Path, help="folder for model.safetensors and model.json; by default the model's own"
    )
    asked = parser.parse_args()
    told = train(asked.model, asked.into or asked.model.folder)
    sys.stdout.writelines(f"{line}\n" for line in told)


if __name__ == "__main__":
    main()
