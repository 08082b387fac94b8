"""Digests of content: what makes two things the same thing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of_bytes(data: bytes) -> str:
    """`sha256:` and 64 hex digits over `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: Mapping[str, Any]) -> str:
    """`sha256:` over the canonical JSON of `value`: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return digest_of_bytes(text.encode())
