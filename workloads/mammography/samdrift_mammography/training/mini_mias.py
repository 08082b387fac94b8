"""mini-MIAS with lesion positions (Suckling et al. 1994) in SAMDRIFT_DATA, as a label file: the one adapter.

`python -m samdrift_mammography.training.mini_mias labels.csv` writes it. Licence: research purposes only. No pixel of
it leaves that folder; the trained head holds one number per feature.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.film import PIXEL_MM
from samdrift_mammography.training import labels
from samdrift_mammography.training.labels import Label, LabelledImage

#: The folder inside SAMDRIFT_DATA.
FOLDER = Path("mammography") / "mini-mias"
#: Character of the background tissue, as the collection writes it.
TISSUES = {"F": "fatty", "G": "glandular", "D": "dense"}
#: Kinds of findings, as the collection writes them.
FINDINGS = {
    "CALC": "calcification",
    "CIRC": "circumscribed mass",
    "SPIC": "spiculated mass",
    "ARCH": "architectural distortion",
    "ASYM": "asymmetry",
    "MISC": "other mass",
    "NORM": "",
}
_LABELS = {"N": Label.NORMAL, "B": Label.BENIGN, "M": Label.MALIGNANT}
_COLUMNS = (*labels.REQUIRED, "pixel_mm", "finding", "density", *labels.CIRCLE)


def folder() -> Path:
    """Where the films are.

    Raises:
        TrainingDataError: SAMDRIFT_DATA is not set, or does not hold them.
    """
    found = Path(os.environ.get("SAMDRIFT_DATA", "")) / FOLDER
    if "SAMDRIFT_DATA" not in os.environ or not (found / "labels.csv").is_file():
        raise TrainingDataError(f"SAMDRIFT_DATA holds no {FOLDER / 'labels.csv'}. Point it at the data.")
    return found


def images(folder: Path) -> list[LabelledImage]:
    """All films of the folder, by name, through the label file that `write` makes."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as place:
        return labels.read(write(folder, Path(place) / "labels.csv"), folder)


def write(folder: Path, file: Path) -> Path:
    """Write the label file of the collection in `folder`; its paths are below that folder."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, _COLUMNS)
        writer.writeheader()
        writer.writerows(_rows(folder / "labels.csv"))
    return file


def _rows(file: Path) -> Iterator[dict[str, object]]:
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            yield {
                "file": f"png/{row['image']}.png",
                "woman": row["patient"],
                "laterality": row["laterality"],
                "view": row["view"],
                "label": _LABELS[row["severity"]],
                "pixel_mm": PIXEL_MM,
                "finding": FINDINGS[row["class"]],
                "density": TISSUES[row["tissue_FGD"]],
                "lesion_x": row["lesion_x_crop"],
                "lesion_y": row["lesion_y_crop"],
                "lesion_radius": row["lesion_radius"] if row["lesion_x_crop"] else "",
            }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m samdrift_mammography.training.mini_mias", description=__doc__)
    parser.add_argument("file", type=Path, help="label file to write")
    found = folder()
    sys.stdout.write(f"{write(found, parser.parse_args().file)} labels the images below {found}\n")


if __name__ == "__main__":
    main()
