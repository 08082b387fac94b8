from __future__ import annotations

import numpy as np
import pytest

from samdrift_mammography.film import CELL, COARSE, Film
from samdrift_mammography.heat_map import heat_map


def film(*, mirrored: bool) -> Film:
    """Four by three cells, two cells below the picture's top and one right of its (mirrored) left edge."""
    breast = np.ones((8, 6), bool)
    return Film(
        pixels=np.zeros((4 * CELL, 3 * CELL), np.float32),
        breast=breast,
        scored=breast,
        mirrored=mirrored,
        origin=(2 * CELL, CELL),
        picture=(8 * CELL, 6 * CELL),
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_brightest_square_is_where_a_mark_would_be(mirrored: bool) -> None:
    grid = np.full((4, 3), np.nan, np.float32)
    grid[1, 2] = 7.0
    made = film(mirrored=mirrored)
    x, y = made.to_picture(2.5 * CELL, 1.5 * CELL)
    found = heat_map(grid, made, full=7.0)
    assert found.shape == (8 * CELL // COARSE, 6 * CELL // COARSE)
    rows, columns = np.nonzero(found)
    assert (rows.mean() + 0.5) / found.shape[0] == pytest.approx(y)
    assert (columns.mean() + 0.5) / found.shape[1] == pytest.approx(x)
    assert set(found[rows, columns]) == {255}


def test_grey_follows_the_score_between_the_median_and_full() -> None:
    grid = np.array([[-3, 0, 1], [2, 4, 9]], np.float32)
    made = heat_map(grid, film(mirrored=False), full=4.0)
    side = CELL // COARSE
    corner = made[4 : 4 + 2 * side : side, 2 : 2 + 3 * side : side]
    np.testing.assert_allclose(corner, [[0, 0, 63.75], [127.5, 255, 255]])
