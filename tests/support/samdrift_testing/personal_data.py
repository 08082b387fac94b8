"""Looks for personal data where none may be: in files and their names, logs, addresses, metrics, the ledger's columns.

Written without the code under test: known values of the people who were sent, in the ways that programs write them, and
whatever has the shape of a Danish civil registration number (CPR). The object store is left out: images are kept there
as they came. What is found is told by its place and kind, and masked, so that a failing test leaks nothing either.
"""

from __future__ import annotations

import gzip
import json
import re
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa

#: Fictitious people whose data are published: Danish test persons, and the examples of HL7 Denmark's dk-core.
PUBLISHED = ("Nancy Ann Berggren", "Nancy Ann Test Berggren", "2512489996", "0108589995", "0201609995")
#: Attributes of a DICOM file that say who somebody is (keywords of PS3.6).
NAMING = (
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "PatientBirthDate",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "RequestingPhysician",
)
#: Shorter values are found everywhere by chance.
LEAST_CHARACTERS = 4
#: Bytes that are looked at at a time, and those looked at twice so that nothing is cut in two.
_CHUNK, _OVERLAP = 1 << 20, 512
#: What people and programs put before the last four digits: a hyphen, a blank, a dash, and how these are escaped.
_BETWEEN = rb"(?:[-+ ]|\xe2\x80[\x90-\x95]|\xc2\xa0|\\+u20(?:1[0-5])|\\+u00a0|%20|%2[dD]|%C2%A0|%E2%80%9[0-5]|\r?\n)"
#: Ten digits, together or not, that are no part of a longer number, word, UID or fraction.
_TEN_DIGITS = re.compile(
    rb"(?<![0-9A-Za-z_])(?<![0-9]\.)(\d{2})(\d{2})(\d{2})" + _BETWEEN + rb"?(\d{4})(?![0-9A-Za-z_]|\.[0-9])"
)
#: CBIS-DDSM names a film, not a woman (Lee et al. 2017): exams are called by it.
_FILM = re.compile(r"(Mass|Calc)-(Training|Test)_P_\d{5}.*")


@dataclass(frozen=True, kw_only=True)
class Find:
    """One place where personal data stand."""

    #: "logs/dispatcher.log", "work_items.payload", "GET /metrics"
    where: str
    #: "civil registration number" or "known value"
    kind: str
    #: First and last character, and how many there are.
    masked: str


class Scanner:
    """Looks for what is known of some people, and for what looks like a CPR number of anybody."""

    def __init__(self, known: Iterable[str] = PUBLISHED) -> None:
        """`known` are names, numbers and dates as they were sent."""
        forms = {form for value in known for form in _forms(value)}
        words = sorted({form.lower() for form in forms if len(form) >= LEAST_CHARACTERS}, key=len, reverse=True)
        either = b"|".join(re.escape(word).encode() for word in words)
        self._known = re.compile(rb"(?<![0-9a-z])(" + either + rb")(?![0-9a-z])") if words else None

    def text(self, where: str, text: str | bytes) -> list[Find]:
        """What stands in a text: a log, an address, metrics, a page."""
        return list(dict.fromkeys(self._found(where, text.encode() if isinstance(text, str) else text)))

    def folder(self, root: Path, *, leave_out: Collection[str] = ("objects",)) -> list[Find]:
        """What stands in files below `root` and in their names; `leave_out` are folders, relative to `root`."""
        found: list[Find] = []
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if any(name == left or name.startswith(f"{left}/") for left in leave_out):
                continue
            found += self.text("name of a file or folder", name)
            if path.is_file():
                found += self._file(name, path)
        return list(dict.fromkeys(found))

    def ledger(self, engine: sa.Engine) -> list[Find]:
        """What stands in any column of any table, as the database gives it."""
        return list(dict.fromkeys(found for where, text in written_in(engine) for found in self.text(where, text)))

    def file(self, path: Path) -> list[Find]:
        """What stands in one file."""
        return list(dict.fromkeys(self._file(path.name, path)))

    def _file(self, name: str, path: Path) -> Iterator[Find]:
        if path.suffix == ".zip" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield from self._found(f"{name}/{member}", archive.read(member))
            return
        before = b""
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield from self._found(name, before + chunk)
                before = chunk[-_OVERLAP:]

    def _found(self, where: str, data: bytes) -> Iterator[Find]:
        for match in _TEN_DIGITS.finditer(data):
            if _is_a_date(*(int(part) for part in match.groups()[:2])):
                yield Find(where=where, kind="civil registration number", masked=_masked(match[0]))
        if self._known is not None:
            for match in self._known.finditer(data.lower()):
                yield Find(where=where, kind="known value", masked=_masked(match[1]))


def written_in(engine: sa.Engine) -> Iterator[tuple[str, str | bytes]]:
    """`table.column` and what stands there, of every row of every table."""
    tables = sa.MetaData()
    with engine.connect() as connection:
        with warnings.catch_warnings():  # an index over an expression is no column
            warnings.filterwarnings("ignore", "Skipped unsupported reflection", sa.exc.SAWarning)
            tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in connection.execute(sa.select(*table.columns)).mappings():
                for name, value in row.items():
                    yield f"{table.name}.{name}", _written(value)


def scan(path: Path, *, known: Iterable[str] = PUBLISHED, leave_out: Collection[str] = ("objects",)) -> list[Find]:
    """What stands in a file, or below a folder: nothing, or a test that says so has found something."""
    scanner = Scanner(known)
    return scanner.folder(path, leave_out=leave_out) if path.is_dir() else scanner.file(path)


def of_dicom(files: Iterable[bytes]) -> set[str]:
    """What these DICOM files say about people, as `Scanner` takes it, also those that lack prefix or file header.

    Nothing is learned of a file that is nested too deeply for pydicom's recursion; of any other an error is an error.
    """
    import pydicom

    known: set[str] = set()
    for data in files:
        try:
            image = pydicom.dcmread(BytesIO(data), stop_before_pixels=True, force=True)
            values = {value for keyword in NAMING for value in _values(image, keyword)}
        except RecursionError:
            continue
        known |= {value for value in values if not _FILM.fullmatch(value)}
    return known


def _values(image: Any, keyword: str) -> list[str]:
    value = image.get(keyword)
    each = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return [str(one).strip() for one in each if one not in (None, "")]


def _forms(value: str) -> Iterator[str]:
    """The ways in which programs write one value: a name in parts, a date in other orders, escaped for JSON and URL."""
    for spelled in {value, *_as_name(value), *_as_date(value), *_as_number(value)}:
        yield from (spelled, quote(spelled), quote_plus(spelled), json.dumps(spelled)[1:-1])


def _as_name(value: str) -> Iterator[str]:
    """`Family^Given^Middle` (PS3.5 section 6.2, PN) and `Given Middle Family`: whole, turned round, and each part."""
    parts = [part for part in re.split(r"[\^ =]+", value) if part.isalpha()]
    if len(parts) > 1 and len("".join(parts)) == len(re.sub(r"[\^ =]", "", value)):
        yield from (" ".join(parts), " ".join([*parts[1:], parts[0]]), f"{parts[0]}, {' '.join(parts[1:])}")
        yield from (part for part in parts if part.lower() not in _WORDS)


#: Parts of names that are also words of the project's own texts.
_WORDS = frozenset({"test", "patient", "demo", "anonymous"})


def _as_date(value: str) -> Iterator[str]:
    if re.fullmatch(r"\d{8}", value) and _is_a_date(int(value[6:]), int(value[4:6])):
        born = date(int(value[:4]), int(value[4:6]), int(value[6:]))
        yield from (born.isoformat(), f"{born:%d-%m-%Y}", f"{born:%d.%m.%Y}", f"{born:%d/%m/%Y}")


def _as_number(value: str) -> Iterator[str]:
    if re.fullmatch(r"\d{10}", value):
        yield from (f"{value[:6]}{between}{value[6:]}" for between in ("-", " ", "\N{EN DASH}", "\N{NO-BREAK SPACE}"))


def _is_a_date(day: int, month: int) -> bool:
    """Whether a CPR number may begin so: 60 is added to the day of replacement numbers and fictitious people."""
    return 1 <= month <= 12 and (1 <= day <= 31 or 61 <= day <= 91)


def _masked(found: bytes) -> str:
    text = found.decode(errors="replace")
    return f"{text[0]}…{text[-1]} ({len(text)} characters)"


def _written(value: object) -> str | bytes:
    if isinstance(value, bytes):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
