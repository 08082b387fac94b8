"""The label file of a training folder: one CSV row a finding, whatever the images' format.

docs/reference/mammography-labels.md is the contract for people. Names of women are of no use here: `woman` is any text
that is the same for all images of one woman and for nobody else's, best a pseudonym. No message of this module repeats
a value of it, nor a file's name: they may say who somebody is. Rows are named by their line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from itertools import groupby
from pathlib import Path

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.views import Laterality, Projection

#: Columns that every label file has.
REQUIRED = ("file", "woman", "laterality", "view", "label")
#: Columns that describe a woman or a machine; figures are told for each of their values.
SUBGROUPS = ("density", "age_band", "site", "vendor")
#: Columns of a finding's place, in pixels of the file: a circle, or a box.
CIRCLE, BOX = ("lesion_x", "lesion_y", "lesion_radius"), ("lesion_left", "lesion_top", "lesion_width", "lesion_height")
#: Columns that may be there besides.
OPTIONAL = ("pixel_mm", "finding", *SUBGROUPS, *CIRCLE, *BOX)


class Severity(IntEnum):
    """The worst finding of an image, or of a woman."""

    #: Nothing was found.
    NORMAL = 0
    #: A finding that is no cancer.
    BENIGN = 1
    #: Cancer.
    MALIGNANT = 2


class Label(StrEnum):
    """The values of the column `label`."""

    #: Nothing was found in the image.
    NORMAL = "normal"
    #: A finding that is no cancer.
    BENIGN = "benign"
    #: Cancer.
    MALIGNANT = "malignant"

    @property
    def severity(self) -> Severity:
        """For comparisons: the worst is the highest."""
        return Severity[self.name]


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """A circle around a finding, in pixels of the image's file; origin top left, x right, y down."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, kw_only=True)
class LabelledImage:
    """One image with what is known of it."""

    path: Path
    #: Whose it is; all images of one woman stay together in every split.
    woman: str
    laterality: Laterality
    projection: Projection
    severity: Severity
    #: Findings whose place is known; an abnormal image may have none.
    lesions: Sequence[Lesion] = ()
    #: Side of a pixel in mm, where the file itself does not say.
    pixel_mm: float | None = None
    #: What kind of findings: "mass", "calcification"; free text.
    findings: Sequence[str] = ()
    #: "density" -> "C"; empty values are left out.
    subgroups: Mapping[str, str] = field(default_factory=dict)
    #: Where the label file first speaks of it: messages name it by that.
    line: int = 0

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


def read(file: Path, folder: Path) -> list[LabelledImage]:
    """The images that `file` labels, by path; their files lie in `folder`.

    Raises:
        TrainingDataError: the file is not there or not such a CSV, a value is not allowed, rows of one file
            disagree, or an image is not there.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(_rows(csv.DictReader(opened)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(
            f"The label file cannot be read ({type(error).__name__}). Name a CSV in UTF-8."
        ) from error
    rows.sort(key=lambda row: row.values["file"])
    return [_image(list(found), folder) for _, found in groupby(rows, key=lambda row: row.values["file"])]


@dataclass(frozen=True, kw_only=True)
class _Row:
    line: int
    values: Mapping[str, str]

    def number(self, column: str) -> float:
        try:
            found = float(self.values[column])
        except ValueError:
            raise self.wrong(column, "is not a number") from None
        if not 0 <= found < 1e6:
            raise self.wrong(column, "lies outside 0 to 1,000,000")
        return found

    def one_of(self, column: str, allowed: type[StrEnum]) -> str:
        found = self.values[column]
        if found not in [each.value for each in allowed]:
            raise self.wrong(column, f"is none of {', '.join(allowed)}")
        return found

    def wrong(self, column: str, what: str) -> TrainingDataError:
        return TrainingDataError(f"Line {self.line} of the label file: {column} {what}. Correct it.", field=column)


def _rows(reader: csv.DictReader[str]) -> Iterator[_Row]:
    columns = reader.fieldnames or ()
    if missing := [name for name in REQUIRED if name not in columns]:
        raise TrainingDataError(
            f"The label file has no column {', '.join(missing)}. See docs/reference/mammography-labels.md."
        )
    for values in reader:
        row = _Row(
            line=reader.line_num, values={name: (values.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
        )
        if empty := [name for name in REQUIRED if not row.values[name]]:
            raise row.wrong(empty[0], "is empty")
        yield row


def _image(rows: Sequence[_Row], folder: Path) -> LabelledImage:
    """One image from the rows of its file, which say the same but for their findings."""
    first = rows[0]
    for row in rows[1:]:
        for column in ("woman", "laterality", "view", "pixel_mm", *SUBGROUPS):
            if row.values[column] != first.values[column]:
                raise row.wrong(column, f"differs from line {first.line}, which is about the same file")
    return LabelledImage(
        path=_path(first, folder),
        woman=first.values["woman"],
        laterality=Laterality(first.one_of("laterality", Laterality)),
        projection=Projection(first.one_of("view", Projection)),
        severity=max(Label(row.one_of("label", Label)).severity for row in rows),
        lesions=tuple(lesion for row in rows if (lesion := _lesion(row))),
        pixel_mm=first.number("pixel_mm") or None if first.values["pixel_mm"] else None,
        findings=tuple(sorted({row.values["finding"] for row in rows} - {""})),
        subgroups={name: first.values[name] for name in SUBGROUPS if first.values[name]},
        line=min(row.line for row in rows),
    )


def _path(row: _Row, folder: Path) -> Path:
    path = (folder / row.values["file"]).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise row.wrong("file", "leads out of the folder")
    if not path.is_file():
        raise row.wrong("file", "names an image that is not there")
    return path


def _lesion(row: _Row) -> Lesion | None:
    """The circle, or the circle around the box; None when the row gives no place."""
    if all(row.values[column] for column in CIRCLE):
        x, y, radius = (row.number(column) for column in CIRCLE)
        return Lesion(x=x, y=y, radius=radius)
    if all(row.values[column] for column in BOX):
        left, top, width, height = (row.number(column) for column in BOX)
        return Lesion(x=left + width / 2, y=top + height / 2, radius=max(width, height) / 2)
    if given := [column for column in (*CIRCLE, *BOX) if row.values[column]]:
        raise row.wrong(given[0], "is there without the rest of the circle or box")
    return None
