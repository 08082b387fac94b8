from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from samdrift_platform.portal.languages import LANGUAGES, negotiate, translations


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return Request({"type": "http", "query_string": query.encode(), "headers": raw, "path": "/", "method": "GET"})


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "da"),
        ("da", "da"),
        ("en-GB,en;q=0.9", "en"),
        ("en;q=0.3, da;q=0.8", "da"),
        ("de-DE, en;q=0.5", "en"),
        ("sv, no", "da"),
        ("en;q=0, da;q=0.1", "da"),
        ("en;q=high", "da"),
        ("*", "da"),
    ],
)
def test_the_best_accepted_language_wins_and_danish_is_the_default(accepted: str, language: str) -> None:
    assert negotiate(request(accept_language=accepted)) == language


def test_a_choice_in_the_address_beats_the_cookie_which_beats_the_browser() -> None:
    assert negotiate(request("lang=en", cookie="samdrift_language=da", accept_language="da")) == "en"
    assert negotiate(request(cookie="samdrift_language=en", accept_language="da")) == "en"
    assert negotiate(request("lang=tlh", cookie="samdrift_language=xx", accept_language="en")) == "en"


@given(st.text(max_size=80))
def test_any_header_gives_one_of_our_languages(header: str) -> None:
    assert negotiate(request(accept_language=header)) in LANGUAGES


def test_a_guessed_translation_is_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "da" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        '#, fuzzy\nmsgid "Meter"\nmsgstr "Meter?"\n\nmsgid "Water"\nmsgstr "Vand"\n'
    )
    catalogue = translations("da", [tmp_path])
    assert catalogue.gettext("Water") == "Vand"
    assert catalogue.gettext("Meter") == "Meter"
