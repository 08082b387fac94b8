from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from samdrift_mammography import full_picture as module
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.full_picture import BusyError, a_turn, full_picture
from samdrift_mammography.pixels import read_picture

Mammogram = Callable[..., bytes]


def shown(data: bytes, low: float = 0, high: float = 1) -> NDArray[np.uint8]:
    with Image.open(BytesIO(full_picture(data, low=low, high=high))) as picture:
        return np.asarray(picture)


def test_the_whole_range_is_the_image_itself(mammogram: Mammogram) -> None:
    data = mammogram()
    np.testing.assert_array_equal(shown(data), np.rint(read_picture(data).grey).astype(np.uint8))


def test_a_narrow_window_shows_steps_that_eight_bits_do_not_have(mammogram: Mammogram) -> None:
    row = np.array([0, *range(1000, 1064), 65_535], dtype=np.uint16)  # 64 greys within a quarter of an 8-bit one
    data = mammogram(pixels=np.tile(row, (64, 1)))
    assert len(np.unique(shown(data)[:, 1:-1])) <= 2
    assert len(np.unique(shown(data, low=1000 / 65_535, high=1063 / 65_535)[:, 1:-1])) >= 60


def test_what_lies_outside_the_window_is_black_or_white(mammogram: Mammogram) -> None:
    seen = shown(mammogram(pixels=np.array([[0, 30_000, 65_535]] * 8, dtype=np.uint16)), low=0.4, high=0.6)
    assert (seen[0, 0], seen[0, 2]) == (0, 255)
    assert 60 < seen[0, 1] < 100


def test_a_window_without_width_is_no_division_by_nothing(mammogram: Mammogram) -> None:
    assert set(np.unique(shown(mammogram(), low=0.5, high=0.5))) <= set(range(256))


def test_larger_images_than_a_detector_has_are_thinned_out(
    mammogram: Mammogram, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = mammogram()
    whole = shown(data)
    monkeypatch.setattr(module, "MOST_PIXELS", whole.size - 1)
    np.testing.assert_array_equal(shown(data), whole[::2, ::2])


@pytest.mark.parametrize("longest", [1, 100, 333, 10_000])
def test_a_small_picture_is_no_longer_than_asked(mammogram: Mammogram, longest: int) -> None:
    data = mammogram()
    with Image.open(BytesIO(full_picture(data, low=0, high=1, longest=longest))) as picture:
        assert max(picture.size) <= longest
        assert max(picture.size) > longest / 2 or longest > max(shown(data).shape)


def test_who_waits_too_long_is_told_and_the_next_one_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0.0)
    with a_turn(), pytest.raises(BusyError), a_turn():
        pass
    with a_turn():
        pass


def test_more_than_may_wait_are_sent_away_at_once() -> None:
    taken = 0
    with ExitStack() as line:
        while module._in_line.acquire(blocking=False):
            line.callback(module._in_line.release)
            taken += 1
        with pytest.raises(BusyError), a_turn():
            pass
    assert taken == module.MOST_WAITING + 1
    with a_turn():
        pass


def test_a_file_that_cannot_be_decoded_blocks_nobody(mammogram: Mammogram) -> None:
    for _ in range(2):
        with pytest.raises(UnreadableFileError), a_turn():
            full_picture(mammogram(PixelData=b"\0" * 8), low=0, high=1)
    with a_turn():
        assert shown(mammogram()).size
