from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography.errors import NoBreastError
from samdrift_mammography.film import CELL, COARSE, PIXEL_MM, Film, canonical, resample

PICTURE = (640, 480)


def breast(*, muscle: bool = False, seed: int = 0) -> NDArray[np.float32]:
    """Half an ellipse of tissue on the left edge of black film; with `muscle`, a brighter triangle above."""
    rows, columns = np.mgrid[0 : PICTURE[0], 0 : PICTURE[1]]
    inside = ((rows - 320) / 300) ** 2 + (columns / 350) ** 2 < 1
    grey = np.where(inside, 100 + np.random.default_rng(seed).normal(0, 5, PICTURE), 0)
    if muscle:
        grey[(rows - 20) / 300 + columns / 200 < 1] = 200
    return grey.astype(np.float32)


def film(grey: NDArray[np.float32], **options: float | bool) -> Film:
    return canonical(grey, **{"pixel_mm": PIXEL_MM, "oblique": False, **options})  # type: ignore[arg-type] # as named


def test_the_breast_is_found_cropped_and_mostly_scored() -> None:
    found = film(breast())
    area = found.breast.sum() * COARSE**2
    assert area == pytest.approx(np.pi * 300 * 350 / 2, rel=0.05)
    assert 0.8 < found.scored.sum() / found.breast.sum() < 1
    assert not (found.scored & ~found.breast).any()
    assert all(side % CELL == 0 for side in found.pixels.shape)


def test_a_mirrored_picture_gives_the_same_film() -> None:
    right, left = film(np.ascontiguousarray(breast()[:, ::-1])), film(breast())
    assert (right.mirrored, left.mirrored) == (True, False)
    np.testing.assert_array_equal(right.pixels, left.pixels)
    np.testing.assert_array_equal(right.scored, left.scored)


def test_a_burned_in_label_is_not_part_of_the_breast() -> None:
    labelled = breast()
    labelled[20:100, 400:460] = 255
    np.testing.assert_array_equal(film(labelled).breast, film(breast()).breast)


def test_the_muscle_is_cut_out_of_oblique_views_only() -> None:
    oblique, frontal = film(breast(muscle=True), oblique=True), film(breast(muscle=True))
    cut = oblique.breast & ~oblique.scored & frontal.scored
    rows, columns = np.nonzero(cut)
    inside = (rows * COARSE + oblique.origin[0] - 20) / 300 + columns * COARSE / 200 < 1.15
    assert cut.sum() > 200
    assert inside.all()


def test_without_a_muscle_nothing_is_cut_out() -> None:
    np.testing.assert_array_equal(film(breast(), oblique=True).scored, film(breast()).scored)


@pytest.mark.parametrize("grey", [np.zeros(PICTURE), np.zeros((3, 3)), np.eye(400) * 255])
def test_a_picture_without_a_breast_is_refused(grey: NDArray[np.float64]) -> None:
    with pytest.raises(NoBreastError):
        film(grey.astype(np.float32))


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_positions_travel_to_the_film_and_back(x: float, y: float, mirrored: bool) -> None:
    small = Film(
        pixels=np.zeros((16, 16), np.float32),
        breast=np.ones((2, 2), bool),
        scored=np.ones((2, 2), bool),
        mirrored=mirrored,
        origin=(8, 40),
        picture=PICTURE,
    )
    assert small.to_picture(*small.to_film(x, y)) == pytest.approx((x, y))


def test_a_bright_pixel_is_where_the_mapping_says() -> None:
    grey = np.ascontiguousarray(breast()[:, ::-1])
    grey[300, 400] = 250
    found = film(grey)
    x, y = found.to_film(400.5 / PICTURE[1], 300.5 / PICTURE[0])
    assert found.pixels[int(y), int(x)] == 250


def test_resampling_takes_means_over_areas() -> None:
    grey = np.arange(64, dtype=np.float32).reshape(8, 8)
    by_hand = grey.reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(resample(grey, 0.5), by_hand)
    assert resample(grey, 1.0) is grey
