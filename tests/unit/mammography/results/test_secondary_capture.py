"""The picture with the marks, by its pixels."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from samdrift_mammography.results.file import part10
from samdrift_mammography.results.mosaic import LINE, letters
from samdrift_mammography.results.secondary_capture import secondary_capture
from samdrift_mammography.views import View
from samdrift_testing.reported_exam import SPOT, reported_exam
from samdrift_testing.screening_study import COLUMNS, ROWS, SPOT_COLUMN, SPOT_ROW, uid

#: Three lines above, and half a one below them.
TOP = 3 * LINE + LINE // 2
#: Where the pictures of the screening study lie, which are all of one size: upper and left edge.
CORNERS = {
    View.RCC: (TOP + LINE, 0),
    View.LCC: (TOP + LINE, COLUMNS),
    View.RMLO: (TOP + 2 * LINE + ROWS, 0),
    View.LMLO: (TOP + 2 * LINE + ROWS, COLUMNS),
}


def captured(**facts: Any) -> Dataset:
    made = secondary_capture(reported_exam(**facts).report())
    assert made is not None
    return pydicom.dcmread(BytesIO(part10(made)))


def shown(**facts: Any) -> NDArray[np.int16]:
    """Pixels that may be subtracted."""
    return captured(**facts).pixel_array.astype(np.int16)


def test_the_views_hang_with_their_chest_walls_together() -> None:
    picture = shown(marks={})
    assert picture.shape == (TOP + 2 * (LINE + ROWS), 2 * COLUMNS)
    for upper, left in CORNERS.values():
        view = picture[upper : upper + ROWS, left : left + COLUMNS]
        wall, away = (view[:, -20:], view[:, :20]) if left == 0 else (view[:, :20], view[:, -20:])
        assert wall.mean() > 40
        assert away.mean() < 5


def test_a_mark_is_a_ring_around_its_spot_and_touches_nothing_else() -> None:
    upper, left = CORNERS[View.LCC]
    rows, columns = np.nonzero((shown(marks={View.LCC: [SPOT]}) != shown(marks={}))[TOP:])
    down, right = rows + TOP - upper - SPOT_ROW, columns - left - SPOT_COLUMN
    distances = np.hypot(down, right)
    assert distances.min() > 20  # the spot itself is not covered
    assert distances.max() < 75  # the ring of 30 pixels, and its number beside it
    eighths = np.floor((np.degrees(np.arctan2(down, right)) % 360) / 45)
    assert set(eighths) == set(range(8))


def test_a_mark_in_each_view_lies_in_that_view() -> None:
    blank = shown(marks={})
    for view, (upper, left) in CORNERS.items():
        rows, columns = np.nonzero((shown(marks={view: [SPOT]}) != blank)[TOP:])
        assert upper <= rows.min() + TOP
        assert rows.max() + TOP < upper + ROWS
        assert left <= columns.min()
        assert columns.max() < left + COLUMNS


def test_the_notice_is_burned_in() -> None:
    first_line = shown(marks={})[:LINE]
    assert (first_line == 255).sum() > 500
    assert captured().BurnedInAnnotation == "NO"  # it names no person


@pytest.mark.parametrize("letter", "æøåÆØÅ")
def test_the_font_has_the_danish_letters(letter: str) -> None:
    missing = letters().getmask("\ufffe")
    assert bytes(letters().getmask(letter)) != bytes(missing)


def test_it_names_its_images_and_says_both_breasts() -> None:
    document = captured()
    assert [item.ReferencedSOPInstanceUID for item in document.SourceImageSequence] == [
        uid("image", 1, view) for view in View
    ]
    assert document.ImageLaterality == "B"
    assert document.ImageComments.startswith("Forskningsdemonstrator. Ikke medicinsk udstyr.")


def test_without_a_score_there_is_no_picture() -> None:
    assert secondary_capture(reported_exam(None).report()) is None
