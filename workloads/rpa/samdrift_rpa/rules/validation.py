"""Files held to their rules one after the other: each ends in a verdict or in a reason why there is none."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from samdrift_platform.bounded_process import LostProcessError
from samdrift_platform.cpr import mask
from samdrift_platform.errors import InputError, SamdriftError
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.documents import (
    LARGEST_DOCUMENT_BYTES,
    MEMO,
    TOO_LARGE,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    local_name,
    parse,
    recognise,
)
from samdrift_rpa.rules.ended import UnfinishedError
from samdrift_rpa.rules.findings import Findings, RuleSet, codes, fatal
from samdrift_rpa.rules.svrl import is_counted
from samdrift_rpa.ubl import Element, text

#: What is looked at in a folder.
SUFFIX = ".xml"
#: MeMo may be as large as Digital Post lets it be; see `samdrift_rpa.digital_post`.
_LARGEST_MESSAGE_BYTES = 150_000_000
#: The name for what comes on standard input.
STANDARD_INPUT = "-"
#: From this size on it is looked at whether a file is a message, before it is read as a whole.
_LONG_BYTES = 1_000_000

#: Of a document that could not be read, or of a type without schema and rules.
NO_FINDINGS = Findings(schema_valid=None)


@dataclass(frozen=True, kw_only=True)
class Validated:
    """The verdict on one file."""

    #: As it was named; below a folder that was named, with that name before it.
    file: str
    #: Name of the root element; None when there is none to see.
    document_type: str | None = None
    #: What the document says it follows: its CustomizationID, or `MeMo` and the version.
    profile: str | None = None
    findings: Findings = NO_FINDINGS
    #: Why there is no verdict; empty when there is one.
    reason: str = ""

    @property
    def passes(self) -> bool:
        """It was read, and breaks neither its schema nor a fatal rule."""
        return not self.reason and self.findings.schema_valid is not False and not fatal(self.findings.failed_rules)

    def to_json(self) -> dict[str, JsonValue]:
        """One line of `--json-lines`: five names; `remarks` where there are any, `reason` where there is no verdict."""
        failed: list[JsonValue] = [*codes(rule for rule in self.findings.failed_rules if is_counted(rule))]
        remarks: list[JsonValue] = [*codes(rule for rule in self.findings.failed_rules if not is_counted(rule))]
        line: dict[str, JsonValue] = {
            "file": self.file,
            "document_type": self.document_type,
            "profile": self.profile,
            "schema_valid": self.findings.schema_valid,
            "failed_rules": failed,
        }
        return line | ({"remarks": remarks} if remarks else {}) | ({"reason": self.reason} if self.reason else {})


def files_of(names: Iterable[str]) -> Iterator[str]:
    """Files as they were named; of a folder its XML files at any depth, in the order of their names.

    A folder without any is named itself, so that it is not passed over in silence.
    """
    for name in names:
        if os.path.isdir(name):  # noqa: PTH112 - names stay the strings they were given as
            yield from _inside(name) or [name]
        else:
            yield name


def validate_file(name: str, rules: RuleSet) -> Validated:
    """The verdict on the file called `name`; whatever is wrong with it, there is one answer."""
    try:
        root, source = _from_standard_input() if name == STANDARD_INPUT else _read(Path(name))
    except (OSError, InputError, BusinessError) as error:
        return Validated(file=name, reason=_reason(error))
    try:
        document = recognise(root, source)
    except UnsupportedDocumentError as error:
        profile = text(root, "cbc:CustomizationID")[:200] or None
        return Validated(file=name, document_type=local_name(root), profile=profile, reason=_reason(error))
    validated = Validated(file=name, document_type=document.type, profile=document.profile)
    try:
        return replace(validated, findings=rules.validate(document))
    except (UnfinishedError, LostProcessError) as error:
        return replace(validated, reason=_reason(error))


def _inside(folder: str) -> list[str]:
    return sorted(
        os.path.join(where, name)  # noqa: PTH118 - as above
        for where, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(SUFFIX)
    )


def _read(path: Path) -> tuple[Element, bytes]:
    """The parsed file and its bytes; a large Digital Post message as a stream, without bytes and contents of files.

    Raises:
        OSError: it cannot be read.
        InputError: it is not a readable document.
        BusinessError: it is not a readable message.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise UnreadableDocumentError(f"The folder holds no {SUFFIX} file.")
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableDocumentError("This is no file but a device, a pipe or a socket.")
    if found.st_size > _LONG_BYTES and _is_message(path):
        return _streamed(path), b""
    if found.st_size > LARGEST_DOCUMENT_BYTES:
        raise UnreadableDocumentError(TOO_LARGE)
    content = path.read_bytes()
    return parse(content), content


def _from_standard_input() -> tuple[Element, bytes]:
    content = sys.stdin.buffer.read(LARGEST_DOCUMENT_BYTES + 1)
    return parse(content), content


def _is_message(path: Path) -> bool:
    with path.open("rb") as file:
        return MEMO.encode() in file.read(65_536)


def _streamed(path: Path) -> Element:
    from samdrift_rpa.digital_post.stream import read_stream

    with path.open("rb") as file:
        return read_stream(file, keep=None, most_bytes=_LARGEST_MESSAGE_BYTES).root


def _reason(error: OSError | SamdriftError) -> str:
    if isinstance(error, OSError):
        return f"The file cannot be read: {error.strerror or type(error).__name__}."
    return mask(error.message)
