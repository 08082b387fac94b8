"""Every act that somebody decides has a reason."""

from __future__ import annotations

from samdrift_platform.errors import InputError


def reason_of(text: str) -> str:
    """`text` without surrounding space; InputError when nothing is left."""
    if not text.strip():
        raise InputError("Say why: the reason stands in the journal.", field="/reason")
    return text.strip()
