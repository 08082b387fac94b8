"""Families of rules and schemas as their publishers hand them out: how each is found in a folder, and known."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samdrift_platform.errors import InputError
from samdrift_rpa.rules.receipt import digest_of_files, sha256_of

#: More than any publisher's package holds: who names `/` is told so, instead of waiting.
MOST_FILES = 50_000
_OIOUBL_TYPES = ("Invoice", "CreditNote", "Reminder", "ApplicationResponse")
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, kw_only=True)
class Family:
    """What belongs together and has one version."""

    #: "OIOUBL schematron".
    title: str
    #: The file by which it is found, and where that lies below the family's root.
    anchor: str
    #: Files that must be there, below its root; patterns bring what there is.
    files: tuple[str, ...]
    #: Where its root comes to lie in an installed set; `{version}` stands for the version.
    target: str
    #: Version, where the family is one: its anchor's name says so.
    version: str = ""
    #: A text that the anchor must hold, where several files are called the same.
    telling: str = ""
    #: A folder that must not lie beside it: MeMo 1.2 carries another 1.1 core along.
    unless: str = ""
    #: Digest of all its files -> version, as far as we have seen them.
    known: Mapping[str, str] = field(default_factory=dict)


OIOUBL = Family(
    title="OIOUBL schematron",
    anchor="OIOUBL_Invoice_Schematron.xslt",
    files=tuple(
        f"OIOUBL_{kind}_Schematron.xslt" for kind in ("Invoice", "CreditNote", "Reminder", "ApplicationResponse")
    ),
    target="oioubl/xslt-{version}",
    known={"88781ea2873cd25f95f351af1e450121178511c080bbfd0809306600079867ec": "1.17.2"},
)
BILLING = Family(
    title="EN 16931 and Peppol BIS Billing",
    anchor="PEPPOL-EN16931-UBL.xslt",
    files=("CEN-EN16931-UBL.xslt", "PEPPOL-EN16931-UBL.xslt"),
    target="peppol/xslt-{version}",
    known={"fe91378b34111b0ccc0ad92bc8e7558102deb1c30add38db229d41cb267e0dbb": "2026.5"},
)
UBL_20 = Family(
    title="UBL schemas",
    version="2.0",
    anchor="maindoc/UBL-Invoice-2.0.xsd",
    files=("maindoc/UBL-*-2.0.xsd", "common/*.xsd"),
    target="ubl-xsd/ubl20",
    known={"b58dab91c4a67ad08275429ae6bb98a79ad964e41074d9de60699c207539e7a4": "2.0"},
)
UBL_21 = Family(
    title="UBL schemas",
    version="2.1",
    anchor="maindoc/UBL-Invoice-2.1.xsd",
    files=("maindoc/UBL-*-2.1.xsd", "common/*.xsd"),
    target="ubl-xsd/ubl21",
    known={"4beae10e818480375ec9affc07d19071b81468b7cff57c2b90ba3c90b6a5b046": "2.1"},
)
MEMO_11 = Family(
    title="MeMo schemas",
    version="1.1",
    anchor="MeMo_core.xsd",
    files=("MeMo_*.xsd",),
    target="memo/xsd-1.1",
    telling='version="1.1"',
    unless="Version1.2",
    known={"f2422d91f6b2a3a6caa393d8d41ebe04a72b24369ce16bed7ae41e392b61cd0a": "1.1"},
)
MEMO_12 = Family(
    title="MeMo schemas",
    version="1.2",
    anchor="Version1.2/MeMo_core.xsd",
    files=("Version1.2/MeMo_core.xsd", "MeMo_*.xsd"),
    target="memo/xsd-1.2",
    telling='version="1.2"',
    known={"7d5714f11fe99da0022dbb4e5c3b8fd8b53522ee9b6153ca2353d4c9be489e7c": "1.2"},
)
FAMILIES = (OIOUBL, BILLING, UBL_20, UBL_21, MEMO_11, MEMO_12)


@dataclass(frozen=True, kw_only=True)
class Component:
    """A family that was found: its version and its files."""

    family: Family
    version: str
    #: The version is told by the files' digest.
    known: bool
    digest: str
    #: Path below the installed set -> where the file lies now.
    files: Mapping[str, Path]


def find(folder: Path) -> list[Component]:
    """The families in `folder`, at any depth.

    Raises:
        InputError: no folder, one that cannot be searched, or one that holds a family twice with different contents.
    """
    paths = _files(folder)
    return [component for family in FAMILIES if (component := _find(family, folder, paths)) is not None]


def _files(folder: Path) -> Sequence[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Name the one that the rules were unpacked in.", field="DIR")
    found: list[Path] = []
    for where, _, names in os.walk(folder):
        found += [Path(where) / name for name in names if name.endswith((".xslt", ".xsd"))]
        if len(found) > MOST_FILES:
            raise InputError(f"{folder} holds too many files. Name the folder that the rules lie in.", field="DIR")
    return sorted(found)


def _find(family: Family, folder: Path, paths: Sequence[Path]) -> Component | None:
    roots = dict.fromkeys(_roots(family, paths))
    found = [_component(family, root) for root in roots]
    different = {component.digest: component for component in found}
    if len(different) > 1:
        raise InputError(
            f"{folder} holds several versions of {f'{family.title} {family.version}'.strip()}: "
            f"{', '.join(sorted(component.version for component in different.values()))}. "
            "Name the folder of the one to install.",
            field="DIR",
        )
    return found[0] if found else None


def _roots(family: Family, paths: Sequence[Path]) -> Iterator[Path]:
    depth = len(Path(family.anchor).parts)
    for path in paths:
        if path.parts[-depth:] == Path(family.anchor).parts and _tells(path, family.telling):
            root = path.parents[depth - 1]
            if not family.unless or not (root / family.unless).is_dir():
                yield root


def _tells(path: Path, telling: str) -> bool:
    """The root element of the schema says so; it stands in the first kilobytes."""
    if not telling:
        return True
    with path.open("rb") as file:
        head = file.read(8192).decode("utf-8", errors="replace")
    start = head.find("schema ")
    return start >= 0 and telling in head[start : head.find(">", start)]


def _component(family: Family, root: Path) -> Component:
    files = {str(path.relative_to(root)): path for pattern in family.files for path in sorted(root.glob(pattern))}
    if missing := [name for name in family.files if "*" not in name and name not in files]:
        raise InputError(f"{family.title} in {root} lack {', '.join(missing)}. Unpack them again, whole.", field="DIR")
    digest = digest_of_files({name: sha256_of(path) for name, path in files.items()})
    version = family.version or family.known.get(digest) or _version_in(root)
    target = family.target.format(version=version)
    return Component(
        family=family,
        version=version,
        known=digest in family.known,
        digest=digest,
        files={f"{target}/{name}": path for name, path in files.items()},
    )


def _version_in(root: Path) -> str:
    """The number in the name of the nearest folder that has one, such as `1.17.2` in `oioubl/1.17.2/xslt`."""
    root = root.resolve()
    for part in (root, *root.parents):
        if found := _VERSION.search(part.name):
            return found.group()
    return "unknown"
