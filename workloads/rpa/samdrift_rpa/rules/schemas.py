"""Schemas of OASIS UBL 2.0 and 2.1 and of MeMo 1.1 and 1.2: which one applies to a document, and what it says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from samdrift_platform.cpr import mask
from samdrift_platform.errors import SettingError
from samdrift_rpa.documents import POSTED, Document, DocumentType, Standard
from samdrift_rpa.rules.findings import FailedRule, Severity

#: The code under which schema errors are reported.
XSD = "XSD"
_TYPES_20 = (*POSTED, DocumentType.REMINDER, DocumentType.APPLICATION_RESPONSE)
#: The core of MeMo 1.2 lies one folder down; the `MeMo_core.xsd` beside that folder is still that of 1.1.
_MEMO = {"1.1": "memo/xsd-1.1/MeMo_core.xsd", "1.2": "memo/xsd-1.2/Version1.2/MeMo_core.xsd"}
_MOST_ERRORS = 20
_VALUE_OF_TYPE = re.compile(r": '.*' is(?= not a valid value of)", re.DOTALL)
_VALUE_OF_FACET = re.compile(r"The value '.*' (is|has|must|does)", re.DOTALL)


class Schemas:
    """The schemas below `ubl-xsd/` and `memo/`, loaded when first needed and then kept."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds `ubl-xsd/ubl20/`, `ubl-xsd/ubl21/` and, for Digital Post, `memo/`."""
        self.folder = folder

    def verdict(self, document: Document) -> tuple[bool | None, tuple[FailedRule, ...]]:
        """Whether the document holds by its schema, and the first 20 errors; None where no schema applies."""
        path = self.path_for(document)
        if path is None:
            return None, ()
        schema = load_schema(path)
        if schema.validate(document.root):
            return True, ()
        return False, tuple(_failed(error) for error in list(schema.error_log)[:_MOST_ERRORS])

    def path_for(self, document: Document) -> Path | None:
        """The schema of a document, by its standard and version; None for types whose schema is not installed.

        Some elements, such as CreditNoteTypeCode, exist in UBL 2.1 only, and some that are mandatory there are not in
        2.0: so OIOUBL goes by UBLVersionID. Reminders and application responses are held to 2.0 in both versions;
        no 2.1 schema of them is installed. Peppol and EN 16931 are UBL 2.1, whether or not they say so.
        """
        if document.standard is Standard.MEMO:
            return self._present(self.folder / _MEMO[document.version])
        if document.type in POSTED and _ubl_version(document) == "2.1":
            return self._present(self.folder / f"ubl-xsd/ubl21/driver-{document.type}-2.1.xsd")
        if document.type in _TYPES_20:
            return self._present(self.folder / f"ubl-xsd/ubl20/maindoc/UBL-{document.type}-2.0.xsd")
        return None

    def prepare(self) -> None:
        """Load every schema there is; SettingError when one cannot be used."""
        drivers = [self.folder / f"ubl-xsd/ubl21/driver-{kind}-2.1.xsd" for kind in POSTED]
        mains = [self.folder / f"ubl-xsd/ubl20/maindoc/UBL-{kind}-2.0.xsd" for kind in _TYPES_20]
        for path in (*drivers, *mains, *(self.folder / core for core in _MEMO.values())):
            if path.is_file():
                load_schema(path)

    def _present(self, path: Path) -> Path | None:
        return path if path.is_file() else None


def _ubl_version(document: Document) -> str:
    """2.0 or 2.1. OIOUBL that says neither is told by its CustomizationID; its rules say that it must."""
    if document.standard is not Standard.OIOUBL:
        return "2.1"
    if document.version in ("2.0", "2.1"):
        return document.version
    return "2.1" if document.customization_id == "OIOUBL-2.1" else "2.0"


@cache
def load_schema(path: Path) -> Any:
    """The schema in `path`, loaded once a process; SettingError where it cannot be used."""
    from lxml import etree

    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True, load_dtd=False)))
    except (OSError, etree.XMLSchemaParseError) as error:
        raise SettingError(f"The schema {path} cannot be used: {error}") from error


def _failed(error: Any) -> FailedRule:
    """Where and what, without the value: libxml2 quotes it, and it may be a person's name."""
    message = _VALUE_OF_TYPE.sub(": The value is", _VALUE_OF_FACET.sub(r"The value \1", error.message))
    return FailedRule(code=XSD, severity=Severity.FATAL, sentence=mask(f"Line {error.line}: {message}"))
