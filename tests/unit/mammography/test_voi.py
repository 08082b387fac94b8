"""Each transformation against the formula of PS3.3, written out by hand for a few values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_mammography.decoding.values import Values
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.voi import grey_values

FOUR = np.array([[0, 1000, 2000, 4095]], dtype=np.uint16)


def grey(stored: Values = FOUR, **tags: Any) -> list[float]:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset

    image = Dataset()
    told = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2"}
    for keyword, value in {**told, **tags}.items():
        setattr(image, keyword, value)
    image.file_meta = FileMetaDataset()
    image.set_original_encoding(False, True)
    return [float(value) for value in grey_values(image, stored)[0]]


def test_without_a_window_the_range_of_the_stored_bits_becomes_0_to_255() -> None:
    assert grey() == pytest.approx([value / 4095 * 255 for value in (0, 1000, 2000, 4095)], abs=0.01)


def test_linear_exact_is_that_of_c_11_2_1_3_2() -> None:
    expected = [min(max((value - 2000) / 3000 + 0.5, 0), 1) * 255 for value in (0, 1000, 2000, 4095)]
    assert grey(WindowCenter=2000, WindowWidth=3000, VOILUTFunction="LINEAR_EXACT") == pytest.approx(expected, abs=0.01)


@given(st.integers(0, 4095), st.integers(10, 8000))
@settings(max_examples=30, deadline=None)
def test_sigmoid_is_that_of_c_11_2_1_3_1(center: int, width: int) -> None:
    expected = [255 / (1 + math.exp(min(-4 * (value - center) / width, 700))) for value in (0, 1000, 2000, 4095)]
    if max(expected) - min(expected) < 2:
        return  # it shows nothing
    found = grey(WindowCenter=center, WindowWidth=width, VOILUTFunction="SIGMOID")
    assert found == pytest.approx(expected, abs=0.05)


def test_a_window_is_told_in_rescaled_units() -> None:
    """PS3.3 C.11.1.1.2: the window is applied after slope and intercept."""
    expected = [min(max((value * 2 - 100 - 2999.5) / 3999 + 0.5, 0), 1) * 255 for value in (0, 1000, 2000, 4095)]
    found = grey(RescaleSlope="2", RescaleIntercept="-100", WindowCenter=3000, WindowWidth=4000)
    assert found == pytest.approx(expected, abs=0.05)


def test_of_several_windows_the_first_is_used() -> None:
    one = grey(WindowCenter=2000, WindowWidth=3000)
    assert grey(WindowCenter=[2000, 5], WindowWidth=[3000, 2]) == one


def test_signed_values_are_taken_as_two_s_complement() -> None:
    stored = np.array([[0x800, 0xFFF, 0, 0x7FF]], dtype=np.uint16)  # -2048, -1, 0, 2047
    expected = [(value + 2048) / 4095 * 255 for value in (-2048, -1, 0, 2047)]
    assert grey(stored, PixelRepresentation=1) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_whatever_its_value(photometric: str) -> None:
    tags: dict[str, Any] = {
        "PixelPaddingValue": 1900,
        "PixelPaddingRangeLimit": 2100,
        "PhotometricInterpretation": photometric,
    }
    without = grey(PhotometricInterpretation=photometric)
    assert grey(**tags) == [*without[:2], 0.0, without[3]]


def test_bits_above_those_stored_are_no_part_of_the_value() -> None:
    assert grey((FOUR | 0xA000).astype(np.uint16)) == grey()


def test_values_that_do_not_end_at_the_lowest_bit_are_shifted() -> None:
    assert grey((FOUR << 4).astype(np.uint16), HighBit=15) == grey()


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("bits", [8, 12])
def test_a_lookup_table_is_that_of_c_11_2_1_1(as_bytes: bool, bits: int) -> None:
    """Values below the first are mapped to the first entry, those beyond the last one to the last."""
    from pydicom import Dataset

    item = Dataset()
    entries = [min(number // 4, 2**bits - 1) for number in range(2500)]
    item.add_new("LUTDescriptor", "US", [2500, 500, bits])
    item.add_new("LUTData", "OW" if as_bytes else "US", np.array(entries, "<u2").tobytes() if as_bytes else entries)
    expected = [entries[index] / (2**bits - 1) * 255 for index in (0, 500, 1500, 2499)]
    assert grey(VOILUTSequence=[item]) == pytest.approx(expected, abs=0.01)


@given(st.lists(st.integers(0, 4095), min_size=4, max_size=4), st.integers(1000, 3000), st.integers(500, 5000))
@settings(max_examples=30, deadline=None)
def test_both_photometric_interpretations_show_the_same_picture(values: list[int], center: int, width: int) -> None:
    """Inverted values with the inverted window: PS3.3 C.7.6.3.1.2. LINEAR_EXACT is symmetrical, LINEAR is not."""
    if max(values) - min(values) < 200:
        return
    stored = np.array([values], dtype=np.uint16)
    bright = {"WindowCenter": center, "WindowWidth": width, "VOILUTFunction": "LINEAR_EXACT"}
    dark = {**bright, "WindowCenter": 4095 - center, "PhotometricInterpretation": "MONOCHROME1"}
    try:
        expected = grey(stored, **bright)
    except UnreadableFileError:
        return  # all black or white
    assert grey((4095 - stored).astype(np.uint16), **dark) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": 100_000, "WindowWidth": 100},
        {"WindowCenter": -5000, "WindowWidth": 10},
        {"WindowCenter": 2000, "WindowWidth": 0},
        {"WindowCenter": 2000, "WindowWidth": 100, "VOILUTFunction": "GAMMA"},
        {"RescaleSlope": "0", "RescaleIntercept": "0"},
    ],
)
def test_what_shows_nothing_is_refused_with_its_code(tags: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        grey(**tags)
    assert caught.value.code == "unusable-window"


def test_an_image_of_one_value_is_no_fault_of_the_window() -> None:
    assert grey(np.full((1, 4), 9, dtype=np.uint16), WindowCenter=2000, WindowWidth=3000) == [0.0] * 4
