"""Labelled images as what a recipe learns from: features of cells, and where the findings are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.features import Cells, FeatureExtractor
from samdrift_mammography.training.labels import LabelledImage


@dataclass(frozen=True, kw_only=True)
class Moments:
    """First and second moment of a film's cells."""

    #: (`WIDTH`,)
    mean: NDArray[np.float64]
    #: (`WIDTH`, `WIDTH`), not centred.
    second: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A labelled image as numbers."""

    image: LabelledImage
    #: Features in half precision: a collection has gigabytes of them.
    cells: Cells
    #: One array a finding over the breast cells: weights that sum to 1, highest in the finding's centre.
    lesions: Sequence[NDArray[np.float32]]

    @cached_property
    def lesion_features(self) -> list[NDArray[np.float32]]:
        """The mean features of each finding, shape (`WIDTH`,) each."""
        return [weights @ self.cells.features.astype(np.float32) for weights in self.lesions]

    @cached_property
    def moments(self) -> Moments:
        """Of the cells that count; of all breast cells where none counts."""
        counted = self.cells.scored[self.cells.breast]
        features = self.cells.features[counted if counted.any() else slice(None)].astype(np.float32)
        second = features.T @ features / np.float32(max(len(features), 1))
        return Moments(mean=features.mean(axis=0, dtype=np.float64), second=second)


def extractor(tuned: Mapping[str, NDArray[np.float32]] | None = None) -> FeatureExtractor:
    """The network, with the weights `tuned` in place of its own; on a GPU where there is one."""
    import torch

    from samdrift_mammography.network import pretrained

    weights = {name: torch.from_numpy(each) for name, each in (tuned or {}).items()}
    return FeatureExtractor(pretrained(weights), "cuda" if torch.cuda.is_available() else "cpu")


def examples(images: Iterable[LabelledImage], extractor: FeatureExtractor) -> Iterator[Example]:
    """Run every image through the frozen network.

    Raises:
        TrainingDataError: an image cannot be read, or shows no breast; the message names its line.
    """
    from samdrift_mammography.training.transforms import CellFeaturesd, prepared

    load, look = prepared(), CellFeaturesd(extractor)
    for image in images:
        found = look(load({"image": image}))
        yield Example(image=image, cells=_halved(found["cells"]), lesions=found["weights"])


def _halved(cells: Cells) -> Cells:
    return replace(cells, features=cells.features.astype(np.float16))


def women_of(known: Sequence[Example]) -> NDArray[np.str_]:
    """Whose image each is."""
    return np.array([each.image.woman for each in known])
