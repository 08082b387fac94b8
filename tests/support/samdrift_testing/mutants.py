"""Damaged files without end: bytes of real ones changed, cut, doubled and crossed, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

#: Lengths that a parser may trust too much (PS3.5 section 7.1), and their neighbours.
_LENGTHS = (0, 1, 2, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
#: Item, item delimiter, sequence delimiter, pixel data, meta group, a sequence and a private element.
_TAGS = tuple(
    bytes.fromhex(tag)
    for tag in ("feff00e0", "feff0de0", "feffdde0", "e07f1000", "02001000", "54002002", "0900100a", "08001600")
)
_VRS = tuple(b"AEASATCSDADSFDFLISLOOBODOFOWPNSHSLSQSSSTTMUIULUNUSUT"[at : at + 2] for at in range(0, 52, 2))
#: Nearly all that can go wrong stands in the first bytes; the rest is pixels.
_HEADER_BYTES = 2_000
#: Digits at the end of an identifier in which mutants of one file differ.
_DIGITS = 6
#: Neighbouring numbers of one seed are images of one study.
_A_STUDY = 100


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A file, and what in it names the image and its study."""

    data: bytes
    sop_instance_uid: str = ""
    study_instance_uid: str = ""

    def numbered(self, number: int) -> bytes:
        """The same as another image, of a study that it shares with its neighbours."""
        data = _renamed(self.data, self.sop_instance_uid, 10 ** (_DIGITS - 1) + number)
        return _renamed(data, self.study_instance_uid, 10 ** (_DIGITS - 1) + number // _A_STUDY)


def mutants(seeds: Sequence[Seed], count: int, *, seed: int = 1) -> Iterator[bytes]:
    """`count` files, each made of one of `seeds` by one to four changes."""
    chance = random.Random(seed)
    for number in range(count):
        data = bytearray(chance.choice(seeds).numbered(number))
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice(_CHANGES)(data, chance)
        if chance.random() < 0.05:
            data[_place(data, chance) :] = chance.choice(seeds).data[_place(data, chance) :]
        yield bytes(data)


def _renamed(data: bytes, uid: str, number: int) -> bytes:
    return data.replace(uid.encode(), (uid[:-_DIGITS] + str(number)).encode()) if len(uid) > 2 * _DIGITS else data


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(max(1, min(len(data), chance.choice((_HEADER_BYTES, _HEADER_BYTES, len(data))))))


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _noise(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at : at + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(1, 9))


def _length(data: bytearray, chance: random.Random) -> None:
    at, size = _place(data, chance), chance.choice((2, 4))
    data[at : at + size] = (chance.choice(_LENGTHS) & (2 ** (8 * size) - 1)).to_bytes(size, "little")


def _tag(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at : at + chance.choice((0, 4))] = chance.choice(_TAGS)


def _representation(data: bytearray, chance: random.Random) -> None:
    at = data.find(chance.choice(_VRS), _place(data, chance))
    if at >= 0:
        data[at : at + 2] = chance.choice(_VRS)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 2, 4, 8, 100))]


def _double(data: bytearray, chance: random.Random) -> None:
    at, size = _place(data, chance), chance.choice((1, 4, 8, 64, 500))
    data[at:at] = bytes(data[at : at + size]) * chance.choice((1, 1, 50))


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _noise,
    _noise,
    _length,
    _length,
    _tag,
    _representation,
    _cut,
    _drop,
    _double,
)
