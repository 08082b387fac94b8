"""What a form holds when it is first shown, and that it comes back as it was meant."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.answering import faults, from_text
from samdrift_platform.portal.decision_form import texts_of
from samdrift_platform.portal.stored_object import MOST_SHOWN, shown
from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind


def choice(kind: FieldKind, proposed: Any = None) -> Choice:
    field = DecisionField(name="it", label={"da": "Det", "en": "It"}, kind=kind, proposed=proposed)
    return Choice(code="yes", label={"da": "Ja", "en": "Yes"}, fields=(field,))


@given(value=st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12), decimal=st.sampled_from([".", ","]))
def test_a_number_that_is_confirmed_as_proposed_is_the_one_proposed(value: float, decimal: str) -> None:
    asked = choice(FieldKind.NUMBER, value)
    texts = texts_of(asked, None, decimal=decimal)
    fields = from_text(asked, texts, decimal=decimal)
    assert faults(asked, fields) == []
    assert fields["it"] == value


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [(FieldKind.DATE, "2026-11-30", "30.11.2026"), (FieldKind.YES_NO, False, "no"), (FieldKind.TEXT, "Åse", "Åse"),
     (FieldKind.NUMBER, 1.234, "1,2340")],
)  # fmt: skip
def test_what_others_decided_stands_in_the_form_before_what_is_proposed(kind: FieldKind, value: Any, text: str) -> None:
    assert texts_of(choice(kind, "else"), {"it": value}, decimal=",") == {"it": text}
    assert texts_of(choice(kind, "else"), {}, decimal=",") == {"it": ""}


def fact(media_type: str) -> Fact:
    return Fact(label={"da": "Det", "en": "It"}, value="17", object="sha256:00", media_type=media_type)


@pytest.mark.parametrize(
    ("content", "media_type", "text"),
    [
        (b"\xef\xbb\xbf<a/>", "application/xml", "<a/>"),
        ("<a>\u00e6</a>".encode("utf-16"), "text/xml", "<a>\u00e6</a>"),
        (b"{}", "application/ld+json; charset=utf-8", "{}"),
        (b"\xff\x00", "text/plain", ""),
        (b"a\0b", "text/plain", ""),
        (b"%PDF-1.7", "application/pdf", ""),
        (b"<a/>", "", ""),
    ],
)
def test_only_what_is_text_is_shown_as_text(content: bytes, media_type: str, text: str) -> None:
    assert shown(BytesIO(content), fact(media_type)).text == text


def test_of_a_long_text_the_beginning_is_shown() -> None:
    for text in ("x" * (MOST_SHOWN + 1), "€x" * 5 * MOST_SHOWN):  # the second is cut in the midst of a character
        content = text.encode()
        found = shown(BytesIO(content), fact("text/plain"))
        assert (len(found.text), found.is_cut, found.size) == (MOST_SHOWN, True, len(content))


@pytest.mark.parametrize(("media_type", "is_image"), [("image/png", True), ("image/svg+xml", False)])
def test_pictures_that_can_run_nothing_are_shown(media_type: str, is_image: bool) -> None:
    assert shown(BytesIO(b"<svg/>"), fact(media_type)).is_image is is_image
