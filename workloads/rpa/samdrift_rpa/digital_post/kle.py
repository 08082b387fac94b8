"""KLE: the municipalities' own subject list with weighted keywords (OS2KLE), installed by whoever has it.

OS2KLE (github.com/os2kle/os2kle, MPL-2.0) gives every KLE number keywords for tagging post. A line reads
`KLENummer='09.13.01':KLETitel='Rottebekæmpelse':Keywords[Weight]=rotte[5];...;`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from samdrift_platform.errors import InputError
from samdrift_platform.settings import load
from samdrift_rpa.settings import DATA, KLE

#: Where `samdrift rpa kle install` puts it, below the home.
INSTALLED = "rpa/kle/OS2KLE.txt"
#: Where it lies below `SAMDRIFT_DATA`.
_DATA = "standards/kle/OS2KLE.txt"
_LINE = re.compile(r"KLENummer='(\d\d\.\d\d\.\d\d)':KLETitel='(.*?)':Keywords\[Weight\]=(.*)")
_KEYWORD = re.compile(r"([^;]*?)\[(\d{1,6})\](?:;|$)")
#: A file this large is no subject list: OS2KLE has 0.9 MB.
_MOST_BYTES = 50_000_000


class NotKleError(InputError):
    """The file is not OS2KLE's list. Take OS2KLE.txt from github.com/os2kle/os2kle and install it again."""


@dataclass(frozen=True, kw_only=True)
class KleSubject:
    """One subject."""

    #: `dd.dd.dd`
    number: str
    title: str
    #: Keyword, as it is written, and its weight: above 0, mostly 5, for sure signs 1,000.
    keywords: Sequence[tuple[str, int]]


def read_kle(content: bytes) -> tuple[KleSubject, ...]:
    """The subjects of an OS2KLE file.

    Raises:
        NotKleError: it is not UTF-8, a line does not read as one, a number is there twice, or there are none.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise NotKleError(f"The file is not UTF-8. {NotKleError.__doc__}") from error
    subjects = tuple(_subject(number, line) for number, line in enumerate(lines, start=1) if line.strip())
    if not subjects or len({subject.number for subject in subjects}) != len(subjects):
        raise NotKleError("The file has no subject, or one twice. " + str(NotKleError.__doc__))
    return subjects


def install_kle(file: Path, home: Path) -> Sequence[KleSubject]:
    """Keep a copy of `file` below `home`, whole or not at all; its subjects.

    Raises:
        NotKleError: it is not OS2KLE's list.
        OSError: it cannot be read or kept.
    """
    if file.stat().st_size > _MOST_BYTES:
        raise NotKleError(f"{file} has more than {_MOST_BYTES // 1_000_000} MB. {NotKleError.__doc__}")
    content = file.read_bytes()
    subjects = read_kle(content)
    target = home / INSTALLED
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(".new")
    new.write_bytes(content)
    new.replace(target)
    return subjects


def installed_kle(home: Path | None = None) -> Path | None:
    """Where the list lies: as the settings say, else installed in the home, else below `SAMDRIFT_DATA`; None: nowhere.

    A file that the settings name is not looked for: a wrong name must show when it is read.
    """
    if KLE.value():
        return Path(KLE.value())
    found = [(home or load().home) / INSTALLED, *([Path(DATA.value()) / _DATA] if DATA.value() else [])]
    return next((path for path in found if path.is_file()), None)


def titles(subjects: Sequence[KleSubject]) -> Mapping[str, str]:
    """Number -> title."""
    return {subject.number: subject.title for subject in subjects}


def _subject(number: int, line: str) -> KleSubject:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise NotKleError(f"Line {number} does not read as a KLE subject. {NotKleError.__doc__}")
    return KleSubject(number=found[1], title=found[2].strip(), keywords=tuple(_keywords(found[3])))


def _keywords(text: str) -> Iterator[tuple[str, int]]:
    for found in _KEYWORD.finditer(text):
        if word := found[1].strip():
            yield word, int(found[2])
