from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.film import CELL, PIXEL_MM, Film
from samdrift_mammography.marks import APART_MM, MOST, marks


def film(*, mirrored: bool = False) -> Film:
    squares = np.ones((80, 60), bool)
    size = (40 * CELL, 30 * CELL)
    return Film(
        pixels=np.zeros(size, np.float32),
        breast=squares,
        scored=squares,
        mirrored=mirrored,
        origin=(0, 0),
        picture=size,
    )


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_peak_is_marked_where_it_lies_in_the_picture(mirrored: bool) -> None:
    grid = np.zeros((40, 30), np.float32)
    grid[10, 3] = 9
    (mark,) = marks(grid, film(mirrored=mirrored), at_least=5)
    x = 3.5 / 30
    assert (mark.x, mark.y) == pytest.approx((1 - x if mirrored else x, 10.5 / 40), abs=1e-4)
    assert mark.score == 9


def test_nothing_is_marked_below_the_bound_or_outside_the_breast() -> None:
    grid = np.full((40, 30), np.nan, np.float32)
    assert marks(grid, film(), at_least=5) == []
    grid[5, 5] = 4.9
    assert marks(grid, film(), at_least=5) == []


@given(st.integers(0, 2**32 - 1))
def test_marks_are_few_falling_and_apart(seed: int) -> None:
    grid = np.random.default_rng(seed).exponential(2, (40, 30)).astype(np.float32)
    found = marks(grid, film(), at_least=1)
    assert 1 <= len(found) <= MOST
    assert [mark.score for mark in found] == sorted((mark.score for mark in found), reverse=True)
    assert found[0].score == pytest.approx(float(grid.max()), abs=1e-3)
    side_mm = np.array([30, 40]) * CELL * PIXEL_MM
    places = [np.array([mark.x, mark.y]) * side_mm for mark in found]
    assert all(np.hypot(*(one - other)) > APART_MM - 0.1 for one, other in combinations(places, 2))
