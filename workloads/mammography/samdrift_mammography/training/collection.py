"""The labelled images as a body of evidence: its name, what is in it, and which images a model has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_mammography.training.labels import LabelledImage

if TYPE_CHECKING:
    from samdrift_evaluation.report import DataUsed

#: Hexadecimal digits of an image's SHA-256 that a model's folder keeps; 64 bits tell any collection's images apart.
DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Labelled images from one label file."""

    #: "mini-MIAS, the part with lesion positions"
    name: str
    images: Sequence[LabelledImage]
    source: str = ""
    #: Whether its files' names may stand in a report: only of a public collection, never of a hospital's.
    public: bool = False

    def digests(self) -> list[str]:
        """The first digits of each image's SHA-256, in the images' order."""
        return [hashlib.sha256(image.path.read_bytes()).hexdigest()[:DIGITS] for image in self.images]

    def names(self) -> list[str]:
        """What each image is called in a report: its file, or its digest."""
        return [image.name for image in self.images] if self.public else self.digests()

    def data_used(self) -> DataUsed:
        """For the report: a digest over the images and what their labels say."""
        from samdrift_evaluation.report import DataUsed

        digest = hashlib.sha256()
        for image, of_image in zip(self.images, self.digests(), strict=True):
            label = (of_image, int(image.severity), [(each.x, each.y, each.radius) for each in image.lesions])
            digest.update(repr(label).encode())
        return DataUsed(
            name=self.name,
            digest="sha256:" + digest.hexdigest(),
            cases=len(self.images),
            units=len({image.woman for image in self.images}),
            unit="woman",
            source=self.source,
        )


def mini_mias_collection() -> Collection:
    """The part of mini-MIAS in SAMDRIFT_DATA.

    Raises:
        TrainingDataError: it is not there.
    """
    from samdrift_mammography.training import mini_mias

    return Collection(
        name="mini-MIAS, the part with lesion positions",
        images=mini_mias.images(mini_mias.folder()),
        source="Suckling et al. 1994; MLO views only; research purposes only",
        public=True,
    )


def labelled(folder: Path, file: Path) -> Collection:
    """The images below `folder` that the label file names.

    Raises:
        TrainingDataError: as `labels.read`.
    """
    from samdrift_mammography.training import labels

    return Collection(name=f"{file.stem}, a labelled folder", images=labels.read(file, folder))
