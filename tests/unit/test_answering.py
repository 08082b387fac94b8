from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.answering import checked, faults, from_text
from samdrift_platform.errors import InputError
from samdrift_platform.question import Choice, DecisionField, FieldKind


def choice(kind: FieldKind, *, required: bool = True) -> Choice:
    options = {"heat": {"da": "Varme", "en": "Heat"}}
    field = DecisionField(name="it", label={"da": "Det", "en": "It"}, kind=kind, required=required, options=options)
    return Choice(code="yes", label={"da": "Ja", "en": "Yes"}, fields=(field,))


def read(kind: FieldKind, text: str, decimal: str = ".") -> Any:
    return from_text(choice(kind), {"it": text}, decimal=decimal)["it"]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1250", ",", 1250), ("1250,5", ",", 1250.5), ("1.250,50", ",", 1250.5), ("12.50", ",", 12.5),
        ("1.250.000", ",", 1250000), ("-3,5", ",", -3.5), ("1 250,5", ",", 1250.5),
        ("1250.5", ".", 1250.5), ("1,250.50", ".", 1250.5), ("12,50", ".", 12.5), ("1.250", ".", 1.25),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written_where_the_person_reads(text: str, decimal: str, value: float) -> None:
    assert read(FieldKind.NUMBER, text, decimal) == value


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("1.250", ","), ("1,250", ","), ("1,250", "."), ("12.50.1", "."), ("1e3", "."), ("nan", "."), ("1/2", ","),
     ("٣", "."), ("1,2,3", ",")],
)  # fmt: skip
def test_what_might_be_two_numbers_or_none_is_refused(text: str, decimal: str) -> None:
    fields = from_text(choice(FieldKind.NUMBER), {"it": text}, decimal=decimal)
    (fault,) = faults(choice(FieldKind.NUMBER), fields)
    assert (fault.field, fault.missing) == ("it", False)


@given(value=st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_a_number_written_by_either_reader_comes_back_as_it_was(value: Any) -> None:
    english = f"{value:,.2f}"
    danish = english.translate(str.maketrans(",.", ".,"))
    assert read(FieldKind.NUMBER, english, ".") == pytest.approx(float(value), abs=1e-6)
    assert read(FieldKind.NUMBER, danish, ",") == pytest.approx(float(value), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.TEXT, 3), (FieldKind.TEXT, "x" * 2001), (FieldKind.TEXT, "a\0b"), (FieldKind.TEXT, "\ud800"),
        (FieldKind.NUMBER, "3"), (FieldKind.NUMBER, True), (FieldKind.NUMBER, float("nan")),
        (FieldKind.NUMBER, float("inf")), (FieldKind.DATE, "2026-02-30"), (FieldKind.DATE, "20261130"),
        (FieldKind.YES_NO, "yes"), (FieldKind.YES_NO, 1), (FieldKind.ONE_OF, "wine"), (FieldKind.ONE_OF, ["heat"]),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(kind: FieldKind, value: Any) -> None:
    with pytest.raises(InputError):
        checked(choice(kind), {"it": value})


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_what_is_required_must_be_there_and_the_rest_may_be_left_out(empty: Any) -> None:
    assert faults(choice(FieldKind.TEXT), {"it": empty})[0].missing
    assert checked(choice(FieldKind.TEXT, required=False), {"it": empty}) == {}


@pytest.mark.parametrize("text", ["30.11.2026", "30/11/2026", "30-11-2026", "2026-11-30"])
def test_days_are_read_as_they_are_written_here(text: str) -> None:
    assert read(FieldKind.DATE, text) == "2026-11-30"


def test_a_day_that_there_is_not_is_refused() -> None:
    assert faults(choice(FieldKind.DATE), from_text(choice(FieldKind.DATE), {"it": "31.11.2026"}))


@pytest.mark.parametrize(("text", "value"), [("ja", True), ("Yes", True), ("nej", False), ("false", False), ("", None)])
def test_yes_and_no_are_read_in_both_languages(text: str, value: Any) -> None:
    assert read(FieldKind.YES_NO, text) is value
