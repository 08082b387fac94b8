"""What a failure of the browser means, in words that repeat nothing of what was typed.

Playwright's messages quote the page and what was done on it; Chromium's codes do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samdrift_rpa.web.errors import FormError

if TYPE_CHECKING:
    from playwright.sync_api import Error

_CODE = re.compile(r"net::(ERR_[A-Z0-9_]+)")
#: Beginnings of Chromium's codes, and what to do about them.
_HINTS = {
    "ERR_CERT": "its certificate is not trusted. Have it renewed, or install the authority's certificate for Chromium",
    "ERR_SSL": "no safe connection came about. Look at its certificate and TLS version",
    "ERR_NAME_NOT_RESOLVED": "it leads to a host that this browser may not reach, or that does not exist",
    "ERR_ABORTED": "its loading was broken off",
    "ERR_TOO_MANY_REDIRECTS": "it sends the browser round in circles",
}
#: Words of Playwright's, and what they mean.
_KNOWN = {
    "crashed": "The page crashed in the browser.",
    "has been closed": "The browser ended in the middle.",
}


def failure(error: Error) -> FormError:
    """What an error of Playwright's means."""
    if code := _CODE.search(error.message):
        hint = next((hint for start, hint in _HINTS.items() if code[1].startswith(start)), "it does not answer")
        return FormError(f"A page could not be opened: {hint} ({code[1]}).")
    means = next((means for words, means in _KNOWN.items() if words in error.message), None)
    return FormError(means or f"The browser failed ({type(error).__name__}).")
