from __future__ import annotations

from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from samdrift_mammography.picture import png, size
from samdrift_mammography.reasons import BANNER

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(arrays.arrays(np.float32, SHAPES, elements=st.integers(0, 255).map(float)))
def test_another_reader_sees_the_same_pixels(grey: NDArray[np.float32]) -> None:
    data = png(grey)
    with Image.open(BytesIO(data)) as picture:
        assert picture.mode == "L"
        assert size(data) == picture.size
        assert picture.info["Disclaimer"] == BANNER
        np.testing.assert_array_equal(np.asarray(picture), grey)


def test_values_outside_the_range_are_clipped_and_halves_rounded_to_even() -> None:
    with Image.open(BytesIO(png(np.array([[-5, 300, 12.6, 2.5]], np.float32)))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), [[0, 255, 13, 2]])
