"""Which view an image says it is.

Order of belief for the projection: View Code Sequence, View Position, Patient Orientation; for the side: Image
Laterality, Laterality, Patient Orientation. Never the file's name, and never the pixels of burned-in labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from samdrift_mammography.part10 import items_of, text_of, values_of
from samdrift_mammography.views import PROJECTION_CODES, Laterality, Projection

if TYPE_CHECKING:
    from pydicom import Dataset

# Direction of the rows (PS3.3 section C.7.6.1.1.1) -> side, as mammograms are stored: the chest wall of a right breast
# is on the right, so that its rows run to the back (P).
_SIDE_OF_ROWS = {"P": Laterality.RIGHT, "A": Laterality.LEFT}
# Columns of a cranio-caudal view run across the body, those of an oblique one to the feet.
_PROJECTION_OF_COLUMNS = {
    "L": Projection.CC,
    "R": Projection.CC,
    "F": Projection.MLO,
    "FL": Projection.MLO,
    "FR": Projection.MLO,
}


@dataclass(frozen=True, kw_only=True)
class ToldView:
    """What the header says of side and projection."""

    laterality: Laterality | None
    projection: Projection | None
    #: Whether one of them is concluded from the directions in Patient Orientation, because nothing names it.
    from_orientation: bool


def told_view(image: Dataset) -> ToldView:
    """The view by the most trusted elements that are filled in."""
    side, kind = _by_orientation(image)
    weak_side = side is not None and not _is_told(image, "ImageLaterality", "Laterality")
    weak_kind = kind is not None and not _is_told(image, "ViewPosition") and not _view_code(image)
    return ToldView(
        laterality=side if weak_side else _laterality(image),
        projection=kind if weak_kind else _projection(image),
        from_orientation=weak_side or weak_kind,
    )


def _is_told(image: Dataset, *keywords: str) -> bool:
    return any(text_of(image, keyword) for keyword in keywords)


def _laterality(image: Dataset) -> Laterality | None:
    for keyword in ("ImageLaterality", "Laterality"):
        value = text_of(image, keyword)
        if value in set(Laterality):
            return Laterality(value)
    return None


def _projection(image: Dataset) -> Projection | None:
    """None also when the most trusted element that is filled in names a view that is not standard."""
    code = _view_code(image)
    if code:
        return PROJECTION_CODES.get(code)
    # CBIS-DDSM writes the view's name into Patient Orientation
    position = text_of(image, "ViewPosition") or text_of(image, "PatientOrientation")
    return Projection(position) if position in set(Projection) else None


def _view_code(image: Dataset) -> str:
    codes = (text_of(item, "CodeValue") for item in items_of(image, "ViewCodeSequence"))
    return next((code for code in codes if code), "")


def _by_orientation(image: Dataset) -> tuple[Laterality | None, Projection | None]:
    """Side and projection by the directions of rows and columns in Patient Orientation."""
    match values_of(image, "PatientOrientation"):
        case [rows, columns]:
            return _SIDE_OF_ROWS.get(rows[:1]), _PROJECTION_OF_COLUMNS.get(columns)
    return None, None
