"""Danish civil registration numbers (CPR): read, found in running text, and masked.

A number is `ddmmyy-ssss`: date of birth and a serial number whose first digit tells the century. Sources: CPR-kontoret,
"Personnummeret i CPR" (century, modulus 11); CPR-loven § 3; for replacement numbers, which authorities give to people
without a number, 60 is added to the day.

Finding leans to finding too much: ten digits that begin like a date are masked, whether or not anybody bears them.
What it leaves alone: digits inside a longer number, inside digests and UUIDs, and behind a decimal point. Not found: a
number that lost its leading zero to a spreadsheet (nine digits), or that is broken elsewhere than before the serial
number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from samdrift_platform.errors import SamdriftError

#: Added to the day of a replacement number.
REPLACEMENT_DAY = 60
#: CPR-kontoret, "Personnummeret i CPR": weights of modulus 11, in use for all numbers given out before October 2007.
MODULUS_11_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)

# What may stand before the serial number: at most this many blanks, dashes and the ways in which programs write them
# (JSON, Python's repr, percent encoding, HTML), so that a number is also found in what was written about it.
_BLANK = (
    r"[\s\u00ad\u200b-\u200d\u2060\ufeff]|\\+[nrtfv]|\\+x[0-9a-fA-F]{2}|\\+u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}|&[#\w]{2,8};"
)
_DASH = r"[-+_/\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
_GAP = rf"(?:{_BLANK}|{_DASH}){{0,6}}"
_DATE = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
# Looked for in `folded` text, where all digits are ASCII.
_NUMBER = (
    r"(?<!\d)(?:(?<!\d[.])|(?<=\d{10}[.])|(?<=\d{6}\D\d{4}[.]))(?:"
    rf"(?P<a>{_DATE}{_MONTH})(?P<b>\d\d){_GAP}(?P<c>\d{{4}})"
    rf"|(?P<d>{_DATE})(?P<s>[-. /])(?P<e>{_MONTH})(?P=s)(?:1[89]|20)?(?P<f>\d\d)(?!\d){_GAP}(?P<g>\d{{4}})"
    rf"|(?P<h>{_DATE}{_MONTH})(?:1[89]|20)(?P<i>\d\d)-?(?P<j>\d{{4}})"
    rf")(?!\d|[.](?!{_DATE}[-. /]?{_MONTH})\d*[1-9])"  # a fraction, unless the next number begins behind a full stop
)
# Digests and UUIDs hold ten digits by chance; they are read over, not into.
_IN_TEXT = re.compile(
    r"(?<![0-9a-zA-Z])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,128})(?![0-9a-zA-Z])"
    rf"|{_NUMBER}"
)
_WHOLE = re.compile(rf"\s*(\d\d)(?P<s>[-. /]?)(\d\d)(?P=s)(\d\d){_GAP}(\d{{4}})\s*")
#: Without this there is no number: most lines are through with one cheap look.
_BEGINS = re.compile(r"(?<!\d)\d\d(?:[01]\d|([-. /])[01]\d\1)\d\d(?:\d\d)?(?:\D|\d{4})")
_AT_END, _AT_BEGINNING = re.compile(r"[0-9a-zA-Z]+\Z"), re.compile(r"[0-9a-zA-Z]+")
_LONGEST_DIGEST = 128
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_SERIAL = "xxxx"
#: Digits of a number that nothing stands between.
_BARE = 10


class NotACprNumberError(SamdriftError):
    """This is no CPR number: it takes a date, ddmmyy, and four digits. Correct it and send it again."""

    status = 422


@dataclass(frozen=True)
class Cpr:
    """One number, in ten digits. Shown, it is masked: who wants the digits says `.number`."""

    number: str

    def __repr__(self) -> str:
        """`Cpr(010190-xxxx)`: what tracebacks and logs show."""
        return f"Cpr({self.masked})"

    def __str__(self) -> str:
        """The same as `masked`."""
        return self.masked

    @property
    def masked(self) -> str:
        """`010190-xxxx`."""
        return f"{self.number[:6]}-{_SERIAL}"

    @property
    def is_replacement(self) -> bool:
        """It was given by an authority to somebody without a number: 60 is added to the day."""
        return int(self.number[:2]) > REPLACEMENT_DAY

    @property
    def born(self) -> date:
        """Day of birth; the century is told by the seventh digit and the year."""
        day, month, year = (int(self.number[at : at + 2]) for at in (0, 2, 4))
        return date(century(int(self.number[6]), year) + year, month, day - REPLACEMENT_DAY * self.is_replacement)

    @property
    def modulus_11_holds(self) -> bool:
        """A signal, no verdict: numbers without it have been given out since October 2007."""
        return sum(int(digit) * weight for digit, weight in zip(self.number, MODULUS_11_WEIGHTS, strict=True)) % 11 == 0


def century(seventh: int, year: int) -> int:
    """1800, 1900 or 2000, of the seventh digit and the last two digits of the year ("Personnummeret i CPR", table)."""
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def parse(text: str) -> Cpr:
    """The number that `text` is, however it is written; modulus 11 and a birth in the future are no reason to refuse.

    Raises:
        NotACprNumberError: another shape, or no such day; the message does not repeat the text.
    """
    number = Cpr(compact(text) or "")
    try:
        number.born  # noqa: B018 - a day that does not exist shows here
    except ValueError as error:
        raise NotACprNumberError() from error
    return number


def compact(text: str) -> str | None:
    """Ten ASCII digits of a text that is six and four digits, whether or not they begin with a date; else None."""
    found = _WHOLE.fullmatch(folded(text))
    return found[1] + found[3] + found[4] + found[5] if found else None


def find(text: str) -> list[Cpr]:
    """The numbers in running text, in their order, also those of people who are not born."""
    found = []
    for match in _matches(folded(text)):
        number = _number(match)
        try:
            number.born  # noqa: B018 - a day that does not exist shows here
        except ValueError:
            continue
        found.append(number)
    return found


def mask(text: str) -> str:
    """`text` with everything in it that could be a number as `ddmmyy-xxxx`; a text without stays the same object."""
    if len(text) < _BARE:
        return text
    plain = folded(text)
    if not _BEGINS.search(plain):
        return text
    end, parts = 0, []
    for match in _matches(plain):  # at the same positions: one digit folds to one digit
        parts += [text[end : match.start()], _masked(match)]
        end = match.end()
    return "".join([*parts, text[end:]]) if parts else text


def mask_certain(text: str) -> str:
    """The same, and bare ten digits for which modulus 11 does not hold are left: they may be a case's number.

    For what people and programs go on working with. Of random numbers of ten digits it masks about 0.3 %.
    """
    return mask(text) if is_certain(text) else text


def is_certain(text: str) -> bool:
    """Whether some number in `text` is written as people write CPR numbers, or modulus 11 holds for it.

    Bare digits of a short digest (`4f0612871938`) are none: an item whose reference holds one must not fail for it.
    """
    plain = folded(text)
    return bool(_BEGINS.search(plain)) and any(
        len(found[0]) != _BARE or (_number(found).modulus_11_holds and not _in_a_digest(plain, found))
        for found in _matches(plain)
    )


def _in_a_digest(text: str, digits: re.Match[str]) -> bool:
    """Whether bare digits are a part of twelve or more hexadecimal ones, and of no word."""
    nearest = max(0, digits.start() - _LONGEST_DIGEST)
    before, after = _AT_END.search(text, nearest, digits.start()), _AT_BEGINNING.match(text, digits.end())
    around = (before[0] if before else "") + (after[0] if after else "")
    return len(around) >= 2 and _HEXADECIMAL.fullmatch(around) is not None


def mask_value(
    value: Any,
    *,
    text: Callable[[str], str] = mask,
    other: Callable[[Any], Any] | None = None,
    keep: Collection[str] = (),
) -> Any:
    """A value such as JSON holds it, masked in every text, key, whole number and depth.

    Args:
        value: is not changed.
        text: masks a text.
        other: turns what JSON does not know into something that it does, which is masked then.
        keep: keys whose own values stay: numbers of things, such as `case_number`.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _mask_number(value, text)
    if isinstance(value, Mapping):
        return {
            mask_value(key, text=text, other=other): (
                each
                if key in keep and not isinstance(each, Mapping | list)
                else mask_value(each, text=text, other=other, keep=keep)
            )
            for key, each in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(each, text=text, other=other, keep=keep) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return text(repr(value))
    return value if other is None else mask_value(other(value), text=text)


def _mask_number(value: float, text: Callable[[str], str]) -> Any:
    """A whole number of ten digits may be a CPR number that a program read as one; 2512489996.0 is pandas' way."""
    if not 10**9 <= value < 10**10 or value != int(value):
        return value
    masked = text(written := str(int(value)))
    return value if masked == written else masked


def folded(text: str) -> str:
    """`text` with every decimal digit of Unicode (full width, mathematical, Arabic) as ASCII, of the same length."""
    if text.isascii():
        return text
    return _DIGIT.sub(lambda digit: str(int(digit[0])), text)


_DIGIT = re.compile(r"[^\D0-9]")


def _matches(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _IN_TEXT.finditer(text) if match.lastgroup)


def _number(match: re.Match[str]) -> Cpr:
    return Cpr("".join(part for name in "abcdefghij" if (part := match[name])))


def _masked(match: re.Match[str]) -> str:
    if not match.lastgroup:
        return match[0]  # a digest or a UUID
    return "".join(part for name in "abdefhi" if (part := match[name])) + f"-{_SERIAL}"
