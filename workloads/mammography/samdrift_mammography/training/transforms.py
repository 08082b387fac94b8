"""MONAI dictionary transforms from a labelled image to the arrays that a recipe learns from.

Keys: `image` (LabelledImage, in) -> `pixels` (1, rows, columns) grey values 0-255 at 0.2 mm with the chest wall left;
`breast` and `scored` (1, rows, columns), 0 or 1; `lesions` (findings, rows, columns), exp(-d2) with d the distance
from the finding's centre in radii, 0 outside -> `cells` and `weights` (see `examples`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from monai.transforms.compose import Compose
from monai.transforms.intensity.dictionary import RandAdjustContrastd
from monai.transforms.spatial.dictionary import RandAffined, RandFlipd
from monai.transforms.transform import Transform
from numpy.typing import NDArray

from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.film import CELL, COARSE, PIXEL_MM, Film, Mask
from samdrift_mammography.training.labels import LabelledImage
from samdrift_mammography.training.pictures import canonical_of, picture_of

#: Augmentation: up to this much rotation (degrees), scaling (share) and shift (pixels, half a cell); gamma range.
ROTATION_DEG, SCALING, SHIFT_PIXELS, GAMMA = 12.0, 0.12, 8.0, (0.8, 1.25)

_MAPS = ("pixels", "breast", "scored", "lesions")


def prepared(*, augmented: bool = False) -> Compose:
    """From `image` to pixels, masks and lesions; `augmented`: flipped, turned, scaled, shifted and of other contrast.

    Augmentation is random but repeats after `set_random_state(seed)`.
    """
    return Compose([ReadCanonicald(), *(_augmentation() if augmented else [])])


def _augmentation() -> list[Transform]:
    turn = np.deg2rad(ROTATION_DEG)
    return [
        RandFlipd(keys=_MAPS, prob=0.5, spatial_axis=0),
        RandAffined(
            keys=_MAPS,
            prob=1.0,
            rotate_range=turn,
            scale_range=(SCALING, SCALING),
            translate_range=(SHIFT_PIXELS, SHIFT_PIXELS),
            mode=("bilinear", "nearest", "nearest", "bilinear"),
            padding_mode="zeros",
        ),
        RandAdjustContrastd(keys=("pixels",), prob=0.5, gamma=GAMMA),
    ]


class ReadCanonicald(Transform):
    """Reads `image` (DICOM, or any picture that Pillow opens) and brings it to canonical form."""

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Add `film`, `pixels`, `breast`, `scored` and `lesions`.

        Raises:
            TrainingDataError: the image cannot be read, shows no breast, or has no size of a pixel.
        """
        image: LabelledImage = data["image"]
        picture = picture_of(image)
        film = canonical_of(image, picture)
        rows, columns = picture.grey.shape
        to_film_pixels = picture.pixel_mm / PIXEL_MM
        places = [(each.x / columns, each.y / rows, each.radius * to_film_pixels) for each in image.lesions]
        return {
            **data,
            "film": film,
            "pixels": film.pixels[None],
            "breast": _fine(film.breast),
            "scored": _fine(film.scored),
            "lesions": _lesion_maps(film, places),
        }


class CellFeaturesd(Transform):
    """Runs the frozen network: `cells`, and `weights`, one array a finding over the breast cells (sum 1)."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Add `cells` and `weights`; a finding that lies in no breast cell gives no weights."""
        cells = self._extractor.cells(film_of(data))
        maps = np.asarray(data["lesions"])[:, CELL // 2 :: CELL, CELL // 2 :: CELL][:, cells.breast]
        weights = [each / each.sum() for each in maps if each.any()]
        return {"image": data["image"], "cells": cells, "weights": weights}


def film_of(data: Mapping[str, Any]) -> Film:
    """The film of the (perhaps augmented) arrays; its way back to the picture is that of the film as it was."""
    film: Film = data["film"]
    return Film(
        pixels=np.ascontiguousarray(data["pixels"][0], dtype=np.float32),
        breast=_coarse(np.asarray(data["breast"][0])),
        scored=_coarse(np.asarray(data["scored"][0])),
        mirrored=film.mirrored,
        origin=film.origin,
        picture=film.picture,
    )


def _lesion_maps(film: Film, lesions: list[tuple[float, float, float]]) -> NDArray[np.float32]:
    y, x = np.indices(film.pixels.shape, dtype=np.float32) + np.float32(0.5)
    maps = np.zeros((len(lesions), *film.pixels.shape), dtype=np.float32)
    for each, (at_x, at_y, radius) in zip(maps, lesions, strict=True):
        centre_x, centre_y = film.to_film(at_x, at_y)
        distance2 = ((x - centre_x) ** 2 + (y - centre_y) ** 2) / max(radius, CELL) ** 2
        each[...] = np.where(distance2 <= 1, np.exp(-distance2), 0)
    return maps


def _fine(mask: Mask) -> NDArray[np.float32]:
    return np.kron(mask, np.ones((COARSE, COARSE), dtype=bool))[None].astype(np.float32)


def _coarse(mask: NDArray[np.float32]) -> Mask:
    rows, columns = (side // COARSE for side in mask.shape)
    shares: Mask = mask.reshape(rows, COARSE, columns, COARSE).mean(axis=(1, 3)) > 0.5
    return shares
