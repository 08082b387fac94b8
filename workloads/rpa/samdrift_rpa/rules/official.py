"""The official rules: schema first, then the schematron of each standard, compiled to XSLT 2.0 by its publisher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samdrift_platform.errors import SettingError
from samdrift_rpa.documents import PEPPOL_BILLING, POSTED, Document, DocumentType, Standard
from samdrift_rpa.rules.engine import Engine, EvaluationError
from samdrift_rpa.rules.findings import FailedRule, Findings, Severity
from samdrift_rpa.rules.schemas import Schemas
from samdrift_rpa.rules.svrl import Dialect, read_svrl

#: Code of a document on which a rule could not be evaluated: it is the document's fault, and fatal.
NOT_EVALUATED = "XSLT"
_OIOUBL_TYPES = (*POSTED, DocumentType.REMINDER, DocumentType.APPLICATION_RESPONSE)


@dataclass(frozen=True, kw_only=True)
class Stylesheet:
    """One compiled schematron and how to read its reports."""

    path: Path
    #: "OIOUBL schematron 1.17.2".
    name: str
    dialect: Dialect


class OfficialRules:
    """Schema and schematron; each is compiled once per process, when the first document needs it."""

    official = True

    def __init__(self, folder: Path) -> None:
        """`folder` holds `oioubl/xslt-<version>/` and `ubl-xsd/`, and may hold `peppol/xslt-<version>/` and `memo/`."""
        self._schemas = Schemas(folder)
        self._oioubl = _version_of(folder, "oioubl")
        self._peppol = _version_of(folder, "peppol") if (folder / "peppol").is_dir() else None
        self._engine = Engine()
        self.name = ", ".join([*self._names(), "UBL schemas"])

    def validate(self, document: Document) -> Findings:
        """The verdict of schema and rules; a broken schema does not stop the rules."""
        schema_valid, errors = self._schemas.verdict(document)
        stylesheets = self.stylesheets_for(document)
        return Findings(
            schema_valid=schema_valid,
            schema_errors=errors,
            failed_rules=self._failed(document, stylesheets) if stylesheets else (),
            held_to=tuple(stylesheet.name for stylesheet in stylesheets),
        )

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """Schema errors and broken rules together, sorted by code."""
        return self.validate(document).all

    def stylesheets_for(self, document: Document) -> tuple[Stylesheet, ...]:
        """Those that apply, in the order in which they are run; none for types without official rules here."""
        if document.standard is Standard.OIOUBL and document.type in _OIOUBL_TYPES:
            return (self._oioubl_sheet(document.type),)
        if document.type not in POSTED or self._peppol is None:
            return ()
        if document.standard is Standard.EN16931:
            return _en16931_sheets(self._peppol)[:1]
        return _en16931_sheets(self._peppol) if document.customization_id == PEPPOL_BILLING else ()

    def _failed(self, document: Document, stylesheets: tuple[Stylesheet, ...]) -> tuple[FailedRule, ...]:
        """Of all stylesheets together; one that stops is a finding of its own and does not stop the next."""
        try:
            node = self._engine.node_of(document)
        except EvaluationError as error:
            return (_not_evaluated(error),)
        found = {rule for stylesheet in stylesheets for rule in self._one(stylesheet, node)}
        return tuple(sorted(found))

    def _one(self, stylesheet: Stylesheet, node: Any) -> tuple[FailedRule, ...]:
        try:
            return read_svrl(self._engine.report(stylesheet.path, node), stylesheet.dialect)
        except EvaluationError as error:
            return (_not_evaluated(error),)

    def _oioubl_sheet(self, kind: DocumentType) -> Stylesheet:
        path = self._oioubl / f"OIOUBL_{kind}_Schematron.xslt"
        return Stylesheet(path=path, name=f"OIOUBL schematron {_version(self._oioubl)}", dialect=Dialect.OIOUBL)

    def _names(self) -> list[str]:
        peppol = [f"EN 16931 and Peppol BIS Billing {_version(self._peppol)}"] if self._peppol else []
        return [f"OIOUBL schematron {_version(self._oioubl)}", *peppol]


def _en16931_sheets(folder: Path) -> tuple[Stylesheet, ...]:
    """The European core first, then Peppol's rules on top of it."""
    return tuple(
        Stylesheet(
            path=folder / f"{name}-EN16931-UBL.xslt", name=f"{title} {_version(folder)}", dialect=Dialect.EN16931
        )
        for name, title in (("CEN", "EN 16931"), ("PEPPOL", "Peppol BIS Billing"))
    )


def _not_evaluated(error: EvaluationError) -> FailedRule:
    sentence = f"A rule cannot be evaluated with what the document holds: {error}"
    return FailedRule(code=NOT_EVALUATED, severity=Severity.FATAL, sentence=sentence)


def _version(folder: Path) -> str:
    return folder.name.removeprefix("xslt-")


def _version_of(folder: Path, family: str) -> Path:
    found = sorted(folder.glob(f"{family}/xslt-*"))
    if len(found) != 1:
        raise SettingError(
            f"{folder} must hold exactly one version of the rules as `{family}/xslt-<version>`; it holds {len(found)}."
        )
    return found[0]
