"""Whether bytes are a picture that the register takes."""

from __future__ import annotations

#: First bytes -> media type (JPEG: ISO/IEC 10918-1 B.1.1.3, SOI and a marker; PNG: ISO/IEC 15948 5.2).
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def media_type_of(content: bytes) -> str | None:
    """`image/jpeg` or `image/png`; None for anything else."""
    return next((media_type for start, media_type in _SIGNATURES.items() if content.startswith(start)), None)
