from __future__ import annotations

import pytest
from playwright.sync_api import Error

from samdrift_rpa.web.failure import failure
from samdrift_rpa.web.screen import _origin


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Page.goto: net::ERR_CERT_DATE_INVALID at https://r.example.dk/sag?cpr=251248-9996",
            "certificate is not trusted",
        ),
        ("Page.goto: net::ERR_CONNECTION_REFUSED at http://r.example.dk/251248-9996", r"\(ERR_CONNECTION_REFUSED\)"),
        ('Locator.fill: Target crashed\n - fill("251248-9996")', "The page crashed"),
        ("Locator.fill: Target page, context or browser has been closed 251248-9996", "The browser ended"),
        ("Locator.fill: something new about 251248-9996", r"The browser failed \(Error\)"),
    ],
)
def test_a_failure_is_named_and_nothing_of_what_was_typed_is_repeated(message: str, words: str) -> None:
    error = failure(Error(message))
    with pytest.raises(type(error), match=words):
        raise error
    assert "251248" not in error.message
    assert "example" not in error.message


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://R.example.dk:443/sag?x=1", "https://r.example.dk"),
        ("http://r.example.dk:8080", "http://r.example.dk:8080"),
        ("http://[::1]:80/", "http://::1"),
        ("about:blank", "about://"),
    ],
)
def test_an_address_has_an_origin(url: str, origin: str) -> None:
    assert _origin(url) == origin
