"""Installs official rules from where the user has them: copied, held to what is known of them, compiled, then in use.

Nothing is fetched and nothing is shipped. A set is made beside the one in use and takes its place in one step, so a
command that is killed, or rules that cannot be used, leave everything as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from samdrift_platform.errors import InputError, SettingError
from samdrift_rpa.rules.component import FAMILIES, UBL_21, Component, Family, find
from samdrift_rpa.rules.location import CURRENT, holds_rules
from samdrift_rpa.rules.receipt import (
    InstalledComponent,
    Receipt,
    digest_of_files,
    read_receipt,
    sha256_of,
    verify,
    write_receipt,
)

_DRIVER = """<?xml version="1.0" encoding="UTF-8"?>
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <xsd:import namespace="urn:un:unece:uncefact:data:specification:CoreComponentTypeSchemaModule:2"
    schemaLocation="common/CCTS_CCT_SchemaModule-2.1.xsd"/>
  <xsd:import namespace="http://www.w3.org/2000/09/xmldsig#"
    schemaLocation="common/UBL-xmldsig-core-schema-2.1.xsd"/>
  <xsd:import namespace="urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"
    schemaLocation="maindoc/UBL-{kind}-2.1.xsd"/>
</xsd:schema>
"""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What `install` did."""

    folder: Path
    receipt: Receipt
    #: Families that were not found: what depends on them falls back to our own rules, or has no schema.
    missing: Sequence[Family]


def install(source: Path, store: Path) -> Installed:
    """Install what `source` holds into `store`; what it does not hold is not taken over from an earlier set.

    Raises:
        InputError: no official rules are there, or two versions of the same.
        SettingError: a file cannot be used: hostile, damaged, or not what its name says.
    """
    from samdrift_rpa.rules.soundness import check_files, check_rules

    components = find(source)
    if not any(component.family.target.endswith("{version}") for component in components):
        raise InputError(
            f"{source} holds no official rules. Looked for {FAMILIES[0].anchor} and {FAMILIES[1].anchor}.", field="DIR"
        )
    check_files([path for component in components for path in component.files.values()])
    made = store / f"new-{os.getpid()}"
    try:
        _copy(components, made)
        check_rules(made)
        write_receipt(made, _receipt(components, made))
        folder = _publish(made, store)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    found = [component.family for component in components]
    return Installed(
        folder=folder, receipt=read_receipt(folder), missing=[family for family in FAMILIES if family not in found]
    )


def _copy(components: Sequence[Component], made: Path) -> None:
    shutil.rmtree(made, ignore_errors=True)
    for component in components:
        for name, path in component.files.items():
            target = made / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
        if component.family is UBL_21:
            _write_drivers(made / UBL_21.target)


def _write_drivers(folder: Path) -> None:
    """Entry files of ours: the 2.1 main schemas import CCTS without saying where it lies, so it is loaded first."""
    for main in sorted((folder / "maindoc").glob("UBL-*-2.1.xsd")):
        kind = main.name.removeprefix("UBL-").removesuffix("-2.1.xsd")
        (folder / f"driver-{kind}-2.1.xsd").write_text(_DRIVER.format(kind=kind), encoding="utf-8")


def _receipt(components: Sequence[Component], made: Path) -> Receipt:
    return Receipt(
        installed_at=datetime.now(UTC),
        components=[
            InstalledComponent(
                title=component.family.title,
                version=component.version,
                known=component.known,
                digest=f"sha256:{component.digest}",
                files=len(component.files),
            )
            for component in components
        ],
        digests={str(path.relative_to(made)): sha256_of(path) for path in _files(made)},
    )


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _publish(made: Path, store: Path) -> Path:
    """Under the name of its content, then in use. The same content twice is the same set."""
    name = digest_of_files(read_receipt(made).digests)[:16]
    folder = store / name
    if not _is_whole(folder):
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
    pointer = store / f"{CURRENT}.{os.getpid()}"
    pointer.write_text(name + "\n", encoding="utf-8")
    pointer.replace(store / CURRENT)
    return folder


def _is_whole(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        verify(folder)
    except SettingError:  # damaged since it was installed: it is put there anew
        return False
    return holds_rules(folder)
