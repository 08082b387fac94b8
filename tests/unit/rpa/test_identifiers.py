from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.invoices.generator import fictitious_cvr, fictitious_gln


@given(st.integers(0, 300))
def test_fictitious_numbers_hold_their_check_digits(index: int) -> None:
    assert Identifier(scheme="DK:CVR", value=fictitious_cvr(index)).check_digit_holds
    assert Identifier(scheme="GLN", value=fictitious_gln(index)).check_digit_holds


@given(st.integers(0, 50), st.integers(1, 9))
def test_another_last_digit_does_not_hold(index: int, shift: int) -> None:
    for scheme, value in (("DK:CVR", fictitious_cvr(index)), ("GLN", fictitious_gln(index))):
        wrong = f"{value[:-1]}{(int(value[-1]) + shift) % 10}"
        assert not Identifier(scheme=scheme, value=wrong).check_digit_holds


@pytest.mark.parametrize("written", ["DK16356700", "dk 16 35 67 00", "16356700"])
def test_one_number_has_one_normal_form(written: str) -> None:
    assert Identifier(scheme="DK:CVR", value=written).normal == "DK16356700"


def test_an_unknown_scheme_is_not_judged() -> None:
    assert Identifier(scheme="ZZZ", value="anything").check_digit_holds
