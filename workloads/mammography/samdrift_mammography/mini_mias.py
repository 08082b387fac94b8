"""The training films: mini-MIAS with lesion positions (Suckling et al. 1994), read from SAMDRIFT_DATA.

Licence: research purposes only. No pixel of it leaves that folder; the trained head holds 1 number per feature.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.film import PIXEL_MM, Film, canonical

#: The folder inside SAMDRIFT_DATA.
FOLDER = Path("mammography") / "mini-mias"


class Severity(IntEnum):
    """The worst finding of a film."""

    NORMAL = 0
    BENIGN = 1
    MALIGNANT = 2


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """A circle around a finding, in pixels of the film's PNG; origin top left, x right, y down."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, kw_only=True)
class TrainingFilm:
    """One MLO film with what is known of it."""

    name: str
    #: Number of the woman; her films stay together in every split.
    woman: int
    severity: Severity
    #: Character of the background tissue: F fatty, G fatty-glandular, D dense-glandular.
    tissue: str
    #: Findings whose place is known; an abnormal film may have none.
    lesions: Sequence[Lesion]
    path: Path

    def canonical(self) -> Film:
        """The film's pixels in canonical form."""
        return canonical(_grey(self.path), pixel_mm=PIXEL_MM, oblique=True)


def folder() -> Path:
    """Where the films are.

    Raises:
        TrainingDataError: SAMDRIFT_DATA is not set, or does not hold them.
    """
    found = Path(os.environ.get("SAMDRIFT_DATA", "")) / FOLDER
    if "SAMDRIFT_DATA" not in os.environ or not (found / "labels.csv").is_file():
        raise TrainingDataError(f"SAMDRIFT_DATA holds no {FOLDER / 'labels.csv'}. Point it at the data.")
    return found


def films(folder: Path) -> Iterator[TrainingFilm]:
    """All films, by name."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["image"])
    for name, findings in groupby(rows, key=lambda row: row["image"]):
        found = list(findings)
        yield TrainingFilm(
            name=name,
            woman=int(found[0]["patient"]),
            tissue=found[0]["tissue_FGD"],
            severity=max(Severity("NBM".index(row["severity"])) for row in found),
            lesions=tuple(_lesion(row) for row in found if row["lesion_x_crop"]),
            path=folder / "png" / f"{name}.png",
        )


def _lesion(row: dict[str, str]) -> Lesion:
    x, y, radius = (float(row[f"lesion_{name}"]) for name in ("x_crop", "y_crop", "radius"))
    return Lesion(x=x, y=y, radius=radius)


def _grey(path: Path) -> NDArray[np.float32]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32)
