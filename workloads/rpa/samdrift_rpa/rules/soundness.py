"""Whether rule files may be used: nothing in them reaches out of their folder, and all of them compile and answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from samdrift_platform.errors import SettingError
from samdrift_rpa.documents import Document, read_document
from samdrift_rpa.ubl import Element

_XSLT = "{http://www.w3.org/1999/XSL/Transform}"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
#: Instructions that read, write or run something that is not in the stylesheet. The engine is closed to them too.
_OUTWARD = (
    "import",
    "include",
    "import-schema",
    "use-package",
    "result-document",
    "source-document",
    "evaluate",
    "message",
)
#: The largest official file has 2.4 MB.
MOST_BYTES = 20_000_000


class UnsoundRulesError(SettingError):
    """A file of the rules may not be used. Get it from its publisher again."""


def check_files(paths: Sequence[Path]) -> None:
    """Look into every file before it is compiled.

    Raises:
        UnsoundRulesError: not XML, too large, an external entity, or a reference out of its folder.
    """
    for path in paths:
        for fault in _faults(path):
            raise UnsoundRulesError(f"{path} may not be used: {fault}. Get it from its publisher again.")


def check_rules(folder: Path) -> None:
    """Compile every stylesheet and schema of an installed set, and put documents of ours to them.

    Raises:
        SettingError: something does not compile, or does not answer.
    """
    from samdrift_rpa.rules.official import NOT_EVALUATED, OfficialRules

    rules = OfficialRules(folder)
    rules.prepare()
    for document in _tried():
        broken = [rule for rule in rules.validate(document).failed_rules if rule.code == NOT_EVALUATED]
        if broken:
            raise UnsoundRulesError(f"{rules.name} do not answer about a sound {document.profile}: {broken[0].say()}")


def _tried() -> Iterator[Document]:
    from samdrift_rpa.invoices.generator import Sale, write
    from samdrift_rpa.invoices.peppol_generator import write_peppol

    yield from (read_document(made(Sale(number="TRY-1"))) for made in (write, write_peppol))


def _faults(path: Path) -> Iterator[str]:
    if path.stat().st_size > MOST_BYTES:
        yield f"it has more than {MOST_BYTES // 1_000_000} MB"
        return
    root = _parsed(path)
    if root is None:
        yield "it is not well-formed XML"
        return
    entities = getattr(root.getroottree().docinfo.internalDTD, "entities", lambda: ())()
    if any(entity.system_url for entity in entities):
        yield "it has an entity from outside"
    yield from _in_stylesheet(root) if root.tag.startswith(_XSLT) else _in_schema(root, path)


def _parsed(path: Path) -> Any | None:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(path.read_bytes(), parser)
    except (OSError, etree.XMLSyntaxError):  # which of the two is told by the file's own tools
        return None


def _in_stylesheet(root: Element) -> Iterator[str]:
    if root.getroottree().docinfo.internalDTD is not None:
        yield "it has a document type definition"
    for name in _OUTWARD:
        if root.find(f".//{_XSLT}{name}") is not None:
            yield f"it uses xsl:{name}"


def _in_schema(root: Element, path: Path) -> Iterator[str]:
    if root.tag != f"{_XSD}schema":
        yield "it is neither a stylesheet nor a schema"
        return
    for element in root.iter(*(f"{_XSD}{name}" for name in ("import", "include", "redefine"))):
        location = element.get("schemaLocation", "")
        if not _stays(location, path):
            yield f"it refers to {location[:80]!r}"


def _stays(location: str, path: Path) -> bool:
    """The reference is a file's relative path that goes up one folder at most, as official ones do."""
    parts = PurePosixPath(location).parts
    plain = ":" not in location and not location.startswith("/") and "\\" not in location
    return plain and ".." not in parts[1:]
