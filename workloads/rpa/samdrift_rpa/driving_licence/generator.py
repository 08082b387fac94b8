"""Writes applications for demonstrations and tests. Nobody in them exists.

The CPR numbers are those of Danish test persons, which their publishers made up. Ages are chosen by the day on which an
application comes in, never by another number.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import JsonValue

#: The publishers' test persons: born on 25 December 1948, 22 November 1977 and 25 December 2016.
BORN_1948, BORN_1977, BORN_2016 = "251248-9996", "221177-1212", "251216-9996"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One application to write; the defaults make a complete one."""

    number: str
    cpr: str = BORN_1977
    name: str = "Testperson Eksempel"
    category: str = "B"
    kind: str = "first"
    received_on: date = date(2026, 11, 24)
    certificate_age_days: int = 20
    remarks: bool = False
    #: Top-level parts that are left out: "photo", "doctors_certificate", "category", "person".
    without: frozenset[str] = frozenset()


def write(wanted: Wanted, photo: str) -> bytes:
    """The application as JSON; `photo` is the reference of the stored picture."""
    issued_on = wanted.received_on - timedelta(days=wanted.certificate_age_days)
    document: Mapping[str, JsonValue] = {
        "application_number": wanted.number,
        "received_on": wanted.received_on.isoformat(),
        "kind": wanted.kind,
        "category": wanted.category,
        "person": {"cpr": wanted.cpr, "name": wanted.name},
        "photo": photo,
        "doctors_certificate": {"issued_on": issued_on.isoformat(), "remarks": wanted.remarks},
    }
    kept = {name: value for name, value in document.items() if name not in wanted.without}
    return json.dumps(kept, ensure_ascii=False, indent=1).encode()


def photo(shade: int = 200, *, width: int = 35, height: int = 45) -> bytes:
    """A grey rectangle of 35 x 45 (§ 3, stk. 2 asks for 35 x 45 mm) as PNG (ISO/IEC 15948)."""
    rows = (b"\x00" + bytes([shade]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
