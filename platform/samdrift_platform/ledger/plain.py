"""Plain values: what both databases hold and every JSON reader reads."""

from __future__ import annotations

import json
import re
from typing import Any

from samdrift_platform.contacts import mask_contacts
from samdrift_platform.cpr import mask

#: JSON's escape of NUL, not preceded by a backslash of its own.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class NotPlainError(ValueError):
    """A value that a database or a JSON reader cannot hold. The message does not quote it."""


def plain_json(value: Any) -> str:
    """`value` as compact JSON.

    Raises:
        NotPlainError: it holds NaN, an infinity, NUL, half a surrogate pair or something that JSON does not know.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError):
        raise NotPlainError("not plain JSON: NaN, an infinity, half a character, or a type that JSON lacks") from None
    if "\\u0000" in text and _NUL.search(text):  # hardly ever: the pattern looks at each character
        raise NotPlainError("not plain JSON: it contains NUL, which PostgreSQL cannot store")
    return text


def plain_text(text: str) -> str:
    """`text` without NUL, half characters, CPR numbers and what `mask_contacts` finds, shortened to 2000 characters.

    Fit to be recorded as a reason, an error or a comment.
    """
    return mask_contacts(mask(text.replace("\0", "").encode(errors="replace").decode()))[:2000]
