"""The receipt of installed rules: which components, whence and when, and the digest of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from samdrift_platform.errors import SettingError

RECEIPT = "receipt.json"


class InstalledComponent(BaseModel):
    """One family of rules or schemas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: "OIOUBL schematron".
    title: str
    version: str
    #: The version is told by the files' digest, not by a folder's name.
    known: bool
    #: Over its files' names and contents.
    digest: str
    files: int


class Receipt(BaseModel):
    """What was installed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    installed_at: AwareDatetime
    components: Sequence[InstalledComponent]
    #: Path below the set's folder -> SHA-256.
    digests: Mapping[str, str]


def read_receipt(folder: Path) -> Receipt:
    """The receipt of the set in `folder`; SettingError where there is none that can be read."""
    try:
        return Receipt.model_validate_json((folder / RECEIPT).read_bytes())
    except (OSError, ValidationError) as error:
        raise SettingError(f"The installed rules in {folder} cannot be read. Install them again.") from error


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Beside the files."""
    text = json.dumps(receipt.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    (folder / RECEIPT).write_text(text, encoding="utf-8")


def verify(folder: Path) -> Receipt:
    """Hold every file of an installed set to its receipt (about 20 ms).

    Raises:
        SettingError: a file is missing or another than the one that was installed.
    """
    receipt = read_receipt(folder)
    for name, digest in receipt.digests.items():
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            raise SettingError(f"{folder / name} of the installed rules cannot be read. Install them again.") from error
        if found != digest:
            raise SettingError(f"{folder / name} is not the file that was installed. Install the rules again.")
    return receipt


def sha256_of(file: Path) -> str:
    """Hex digits of a file's digest."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest_of_files(digests: Mapping[str, str]) -> str:
    """One digest for several files, by name and content."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
