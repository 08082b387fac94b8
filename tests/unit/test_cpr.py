"""CPR numbers: read by an oracle of its own, found however they are written, and never shown."""

from __future__ import annotations

import json
import re
import string
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.cpr import Cpr, NotACprNumberError, compact, find, mask, mask_value, parse

#: Published as fictitious.
PERSON = "2512489996"
#: CPR-kontoret's table, written out: seventh digit -> the years that its two digits may mean.
YEARS = {
    **dict.fromkeys("0123", range(1900, 2000)),
    **dict.fromkeys("49", range(1937, 2037)),
    **dict.fromkeys("5678", range(1858, 2058)),
}
GAPS = [
    "",
    " ",
    "-",
    "\u2013",
    "\u2212",
    " - ",
    "\u00a0",
    "\u2009",
    "\n",
    "-\r\n",
    "\t",
    "\u200b",
    "\u00ad",
    "%20",
    "%2D",
]
GAPS += ["%E2%80%93", "+", "/", r"\n", r"\u2013", r"\xe2\x80\x93", "&nbsp;", "&#8211;"]
AROUND = string.ascii_letters + "æ .:,;\n=\"'("
DIGITS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"]


def years_of(seventh: str, two: int) -> list[int]:
    return [year for year in YEARS[seventh] if year % 100 == two]


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Plainly impossible people: born before 1858's table ends, or whatever the date and four digits give."""
    born = draw(st.dates(date(1858, 1, 1), date(2057, 12, 31)))
    day = born.day + draw(st.sampled_from([0, 60]))
    return f"{day:02d}{born:%m%y}{draw(st.integers(0, 9999)):04d}"


@given(numbers())
def test_the_day_of_birth_is_the_one_that_the_table_gives(number: str) -> None:
    read = Cpr(number)
    assert read.is_replacement == (number[0] in "6789")
    try:
        born = parse(number).born
    except NotACprNumberError:  # 29 February of another century
        assert number[2:4] == "02"
        return
    assert born.year in years_of(number[6], int(number[4:6]))
    assert (born.day, born.month) == (int(number[:2]) - 60 * read.is_replacement, int(number[2:4]))


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("0101010101", date(1901, 1, 1)),
        ("0101364101", date(2036, 1, 1)),
        ("0101374101", date(1937, 1, 1)),
        ("0101575101", date(2057, 1, 1)),
        ("0101585101", date(1858, 1, 1)),
        ("0101999101", date(1999, 1, 1)),
        ("0101009101", date(2000, 1, 1)),
        ("6102013101", date(1901, 2, 1)),
    ],
)
def test_the_seventh_digit_tells_the_century(number: str, born: date) -> None:
    assert parse(number).born == born


def test_a_birth_in_the_future_is_read() -> None:
    assert parse("010157-5101").born == date(2057, 1, 1)


@given(numbers(), st.integers(1, 9))
def test_modulus_11_is_a_signal(number: str, shift: int) -> None:
    weighted = sum(int(d) * w for d, w in zip(number, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1], strict=True))
    assert Cpr(number).modulus_11_holds == (weighted % 11 == 0)
    other = number[:9] + str((int(number[9]) + shift) % 10)
    assert not (Cpr(number).modulus_11_holds and Cpr(other).modulus_11_holds)


@pytest.mark.parametrize(
    "text", ["", "3102010101", "0113010101", "0001010101", "9201010101", "010101010", "x", PERSON + "1"]
)
def test_what_is_no_number_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(NotACprNumberError) as refused:
        parse(text)
    assert not text or text not in str(refused.value)


def test_a_number_does_not_show_itself() -> None:
    number = parse(PERSON)
    assert PERSON[6:] not in f"{number} {number!r} {number.masked} {[number]}"


@given(numbers(), st.sampled_from(GAPS), st.sampled_from(DIGITS), st.text(AROUND, max_size=9))
def test_it_is_masked_however_it_is_written(number: str, gap: str, digits: str, around: str) -> None:
    day, serial = ("".join(digits[int(c)] for c in part) for part in (number[:6], number[6:]))
    masked = mask(f"{around}{day}{gap}{serial}{around}")
    assert masked == f"{around}{number[:6]}-xxxx{around}"
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "written", ["25.12.48-9996", "25-12-48-9996", "25 12 48 9996", "25/12/48-9996", "25.12.1948-9996"]
)
def test_dates_with_points_and_four_digits_are_found(written: str) -> None:
    assert mask(f"({written})") == "(251248-xxxx)"
    assert [each.number for each in find(written)] == [PERSON]


def test_numbers_in_a_row_are_all_found() -> None:
    text = ",".join([PERSON] * 3) + "." + ".".join(["251248-9996"] * 3) + "-" + "-".join([PERSON] * 2)
    assert mask(text).count("251248-xxxx") == 8
    assert "9996" not in mask(text)
    assert len(find(text)) == 8


@given(st.binary(min_size=32, max_size=32), st.uuids())
def test_digests_and_identifiers_are_left_alone(content: bytes, key: object) -> None:
    for text in (f"sha256:{content.hex()}", f"item:{key}", str(key)):
        assert mask(text) is text


@pytest.mark.parametrize(
    "text",
    [
        "GLN 5798000416604 and amount 12345678.90",
        "2026-11-30T02:31:00.123456+00:00",
        "1.2.840.10008.1.0101010101",
        "0.0101010101 and 1801234567.25",
        "+45 33 92 52 00",
        "no such month: 0113010101",
        "DK16356706, 10.0.0.1:8700",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) is text
    assert find(text) == []


@given(st.lists(st.one_of(numbers(), st.sampled_from(GAPS), st.text(max_size=6), st.text(string.digits, max_size=4))))
def test_what_was_masked_holds_no_number_in_the_two_plain_ways(parts: list[str]) -> None:
    masked = mask("".join(parts))
    plain = re.compile(r"(?<![\d.])(\d\d)(\d\d)\d\d[- ]?\d{4}(?![\d.])", re.ASCII)
    for found in plain.finditer(masked):
        assert int(found[1]) in {0, *range(32, 61), *range(92, 100)} or int(found[2]) not in range(1, 13)
    assert find(masked) == []


def test_values_are_masked_in_every_depth() -> None:
    value = {
        "cpr": PERSON,
        PERSON: [int(PERSON), float(PERSON), None, True, 1.5],
        "b": PERSON.encode(),
        "n": {"é": (PERSON,)},
    }
    masked = mask_value(value)
    assert masked == {
        "cpr": "251248-xxxx",
        "251248-xxxx": ["251248-xxxx", "251248-xxxx", None, True, 1.5],
        "b": "b'251248-xxxx'",
        "n": {"é": ["251248-xxxx"]},
    }
    assert "9996" not in json.dumps(masked)


def test_a_whole_text_is_compared_by_its_digits() -> None:
    assert compact(" 251248 - 9996 ") == compact("２５１２４８９９９６") == PERSON
    assert compact("999999-9999") == "9999999999"
    assert compact("25-12489996") is None
    assert compact(quote("æ")) is None
