from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.sentence import Sentence, written

LIMIT = "The amount of %(amount)s %(currency)s is above the limit of %(limit)s %(currency)s."


def test_a_sentence_is_said_in_both_languages_with_their_numbers() -> None:
    said = Sentence(text=LIMIT, values={"amount": "1562.5", "limit": "1000.005", "currency": "DKK"}).by_language()
    assert said == {
        "da": "Beløbet på 1.562,50 DKK er over grænsen på 1.000,005 DKK.",
        "en": "The amount of 1,562.50 DKK is above the limit of 1,000.005 DKK.",
    }


def test_what_the_catalogue_does_not_hold_is_said_as_it_is() -> None:
    assert Sentence(text="Nobody wrote %(this)s.", values={"this": "x"}).say("da") == "Nobody wrote x."


def test_quantities_have_no_more_decimals_than_they_need() -> None:
    assert written({"quantity": "4.00", "ordered_quantity": "3.5"}, "da") == {
        "quantity": "4",
        "ordered_quantity": "3,5",
    }


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_no_cent_is_lost_in_either_language(amount: Decimal) -> None:
    danish, english = (written({"amount": str(amount)}, language)["amount"] for language in ("da", "en"))
    assert Decimal(danish.replace(".", "").replace(",", ".")) == amount
    assert Decimal(english.replace(",", "")) == amount
