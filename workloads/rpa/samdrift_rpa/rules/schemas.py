"""OASIS UBL schemas: which one applies to a document, and what it says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from samdrift_platform.cpr import mask
from samdrift_platform.errors import SettingError
from samdrift_rpa.documents import Document, DocumentType
from samdrift_rpa.rules.findings import FailedRule, Severity

#: The code under which schema errors are reported.
XSD = "XSD"
_DRIVEN_21 = (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)
_MOST_ERRORS = 20


class Schemas:
    """The schemas below `ubl-xsd/`, loaded when first needed and then kept."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds `ubl20/` and `ubl21/`."""
        self.folder = folder

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """The schema errors of a document, the first 20 of them."""
        schema = _load(self.path_for(document))
        if schema.validate(document.root):
            return ()
        errors = list(schema.error_log)[:_MOST_ERRORS]
        return tuple(_failed(error) for error in errors)

    def path_for(self, document: Document) -> Path:
        """The schema by UBLVersionID: some elements, such as CreditNoteTypeCode, exist in 2.1 only.

        Reminders and application responses are held to 2.0 in both versions; no 2.1 schema of them is installed.
        """
        if document.ubl_version_id == "2.1" and document.type in _DRIVEN_21:
            return self.folder / "ubl21" / f"driver-{document.type}-2.1.xsd"
        return self.folder / "ubl20" / "maindoc" / f"UBL-{document.type}-2.0.xsd"


@cache
def _load(path: Path) -> Any:
    from lxml import etree

    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True, load_dtd=False)))
    except (OSError, etree.XMLSchemaParseError) as error:
        raise SettingError(f"The schema {path} cannot be used: {error}") from error


def _failed(error: Any) -> FailedRule:
    sentence = mask(f"Line {error.line}: {error.message}")
    return FailedRule(code=XSD, severity=Severity.FATAL, sentence=sentence)
