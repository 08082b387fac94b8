"""A folder of images exported into another: what left, and what did not and why."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from samdrift_evaluation.errors import SamdriftError
from samdrift_mammography.deidentified.header import Maker
from samdrift_mammography.deidentified.image import Exported, deidentify
from samdrift_mammography.deidentified.refusal import RefusedError

#: The list of what left, beside the images: a label file (docs/reference/mammography-labels.md) whose labels whoever
#: has them fills in.
LIST = "images.csv"
COLUMNS = ("file", "woman", "laterality", "view", "label", "age_band", "vendor", "study", "image")


class NotEmptyError(SamdriftError):
    """The folder for the export holds something already. Name one that is empty: two exports are never mixed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What became of one file. Its name is not told, because it may name a woman; its digest finds it again."""

    #: SHA-256 of the file's bytes, 64 hex digits.
    sha256: str
    #: Below the export's folder; empty when it was refused.
    path: str = ""
    #: Why it was refused, as a code of `refusal.SENTENCES` or `reasons.REJECTIONS`; empty when it left.
    code: str = ""
    #: DICOM keyword at fault, if one is.
    field: str = ""


def export(files: Iterable[Path], into: Path, maker: Maker, *, reviewed: Collection[str] = ()) -> Iterator[Line]:
    """Export the files one by one; what became of each, as soon as it is known.

    The list of what left is complete when the last line was taken. A file that was exported before under the same
    identifier leaves no second time.

    Args:
        files: DICOM files of mammograms.
        into: an empty folder, or one that is not there yet.
        maker: keep-list, key and what becomes of dates.
        reviewed: SHA-256 of files that a person has looked at.

    Raises:
        NotEmptyError: `into` holds something.
    """
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise NotEmptyError
    left: dict[str, str] = {}
    with (into / LIST).open("x", encoding="utf-8", newline="") as file:
        told = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        told.writeheader()
        for path in files:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            try:
                found = deidentify(data, maker, reviewed=sha256 in reviewed)
                place = _place(found, left, sha256)
            except RefusedError as error:
                yield Line(sha256=sha256, code=error.code, field=error.field or "")
                continue
            if _write(into / place, found):
                told.writerow(_row(found, place))
            yield Line(sha256=sha256, path=place)


def _place(found: Exported, left: dict[str, str], sha256: str) -> str:
    """Where the image goes; another file with its identifier is refused, the same file again is not."""
    if left.setdefault(found.image, sha256) != sha256:
        raise RefusedError("twice")
    return f"{found.woman}/{found.image}.dcm"


def _write(path: Path, found: Exported) -> bool:
    """Write the file; whether it was not there yet."""
    if path.exists():
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(found.data)
    return True


def _row(found: Exported, place: str) -> dict[str, str]:
    known = {name: value for name, value in asdict(found).items() if name in COLUMNS}
    return {**known, "file": place, "label": ""}
