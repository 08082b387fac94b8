"""A secret in memory: it does not show itself, and what is written about it is struck out.

Every secret that was opened in this process is known to `hide`, through which all logs and tracebacks go
(`samdrift_platform.masking`): a library that quotes a password in its error does not get it into a file.
"""

from __future__ import annotations

import hmac
import json
import re
import threading
from typing import NoReturn
from urllib.parse import quote

#: What stands for a secret where it would have been written.
HIDDEN = "***"
#: Shorter values are not looked for: they would be struck out of ordinary words.
LEAST_CHARACTERS = 6


class Secret:
    """One secret text."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hold `value`, and strike it out of logs from now on."""
        self._value = value
        _KNOWN.add(value)

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        """Nothing of it, not even its length."""
        return f"Secret({HIDDEN})"

    def __eq__(self, other: object) -> bool:
        """Compared in a time that does not tell how much is right."""
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a key of a dict would be a second place

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a secret stays in the process that opened it."""
        raise TypeError("a Secret stays in its process; hand over the reference and open it there")


class _Known:
    """The secrets of this process, as programs write them."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._lock = threading.Lock()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        if len(value) < LEAST_CHARACTERS:
            return
        forms = {value, quote(value, safe=""), repr(value)[1:-1], repr(value.encode())[2:-1]}
        forms |= {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        with self._lock:
            if not forms <= self._forms:
                self._forms |= forms
                longest_first = sorted(self._forms, key=len, reverse=True)
                self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))

    def struck_out(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


_KNOWN = _Known()


def hide(text: str) -> str:
    """`text` with every secret that was opened in this process as `***`."""
    return _KNOWN.struck_out(text)
