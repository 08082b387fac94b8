"""Labelled images as what a recipe learns from: features of cells, and where the findings are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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


def examples(images: Iterable[LabelledImage], extractor: FeatureExtractor) -> Iterator[Example]:
    """Run every image through the frozen network.

    Raises:
        TrainingDataError: an image cannot be read.
        NoBreastError: there is no breast in one.
    """
    from samdrift_mammography.training.transforms import CellFeaturesd, prepared

    load, look = prepared(), CellFeaturesd(extractor)
    for image in images:
        yield example(look(load({"image": image})))


def example(found: dict[str, object]) -> Example:
    """The example that `CellFeaturesd` found."""
    cells, image, weights = found["cells"], found["image"], found["weights"]
    assert isinstance(cells, Cells) and isinstance(image, LabelledImage) and isinstance(weights, list)
    halved = Cells(features=cells.features.astype(np.float16), breast=cells.breast, scored=cells.scored)
    return Example(image=image, cells=halved, lesions=weights)


def women_of(known: Sequence[Example]) -> NDArray[np.str_]:
    """Whose image each is."""
    return np.array([each.image.woman for each in known])
