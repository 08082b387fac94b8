"""The official rules: schema first, then the schematron of each standard, compiled to XSLT 2.0 by its publisher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samdrift_platform.errors import SettingError
from samdrift_rpa.documents import PEPPOL_BILLING, POSTED, Document, DocumentType, Standard
from samdrift_rpa.rules.ended import ended_rules
from samdrift_rpa.rules.engine import Engine, EvaluationError
from samdrift_rpa.rules.findings import FailedRule, Findings, RuleSet, Severity
from samdrift_rpa.rules.own import OwnRules
from samdrift_rpa.rules.schemas import Schemas
from samdrift_rpa.rules.svrl import Dialect, read_violations
from samdrift_rpa.settings import rules_cpu_s
from samdrift_rpa.ubl import Element

#: Code of a document on which a rule could not be evaluated: it is the document's fault, and fatal.
NOT_EVALUATED = "XSLT"
#: Larger documents are held to them in a process that can be ended. An invoice of 400 lines has as many; the worst
#: document below it that is known (5,000 lines that are only numbered) takes some 5 s.
MOST_ELEMENTS_HERE = 10_000
_OIOUBL_TYPES = (*POSTED, DocumentType.REMINDER, DocumentType.APPLICATION_RESPONSE)


@dataclass(frozen=True, kw_only=True)
class Stylesheet:
    """One compiled schematron and how to read its reports."""

    path: Path
    #: "OIOUBL schematron 1.17.2".
    name: str
    dialect: Dialect


class OfficialRules:
    """Schema and schematron; each is compiled once per process, when the first document needs it.

    An invoice for whose standard none are installed is held to our own rules instead, and the findings say so.
    """

    official = True

    def __init__(self, folder: Path, fallback: RuleSet | None = None) -> None:
        """Rules below `folder`.

        Args:
            folder: holds `oioubl/xslt-<version>/` or `peppol/xslt-<version>/`, and `ubl-xsd/` and `memo/` as far as
                there are schemas.
            fallback: what invoices are held to whose standard has no rules there; our own set when left out.
        """
        self._folder = folder
        self._schemas = Schemas(folder)
        self._oioubl, self._peppol = _version_of(folder, "oioubl"), _version_of(folder, "peppol")
        self._fallback = OwnRules() if fallback is None else fallback
        self._engine = Engine()
        self.name = ", ".join([*self._names(), *(["UBL schemas"] if (folder / "ubl-xsd").is_dir() else [])])

    def prepare(self) -> None:
        """Compile and load everything now, which else waits for the first document of each kind.

        Raises:
            SettingError: a stylesheet or a schema cannot be used.
        """
        oioubl = [_oioubl_sheet(self._oioubl, kind) for kind in _OIOUBL_TYPES] if self._oioubl else []
        for stylesheet in (*oioubl, *self.billing_stylesheets()):
            self._engine.compile(stylesheet.path)
        self._schemas.prepare()

    def validate(self, document: Document) -> Findings:
        """The verdict of schema and rules; a broken schema does not stop the rules.

        Raises:
            UnfinishedError: a large document took them longer than `SAMDRIFT_RPA_RULES_CPU_S`.
        """
        if sum(1 for _ in document.root.iter()) > MOST_ELEMENTS_HERE:
            return ended_rules(self._folder, rules_cpu_s()).validate(document)
        return self.validate_here(document)

    def validate_here(self, document: Document) -> Findings:
        """The same, in this process whatever the document's size, for as long as it takes."""
        schema_valid, errors = self._schemas.verdict(document)
        stylesheets = self.stylesheets_for(document)
        if not stylesheets:
            other = self._fallback.validate(document)
            return replace(other, schema_valid=schema_valid, schema_errors=errors)
        return Findings(
            schema_valid=schema_valid,
            schema_errors=errors,
            failed_rules=self.failed(document.root, stylesheets),
            held_to=tuple(stylesheet.name for stylesheet in stylesheets),
            official=True,
        )

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """Schema errors and broken rules together, sorted by code."""
        return self.validate(document).all

    def stylesheets_for(self, document: Document) -> tuple[Stylesheet, ...]:
        """Those that apply, in the order in which they are run; none for types without official rules here."""
        if document.standard is Standard.OIOUBL:
            if self._oioubl is None or document.type not in _OIOUBL_TYPES:
                return ()
            return (_oioubl_sheet(self._oioubl, document.type),)
        if document.type not in POSTED:
            return ()
        if document.standard is Standard.EN16931:
            return self.billing_stylesheets()[:1]
        return self.billing_stylesheets() if PEPPOL_BILLING in document.customization_id else ()

    def billing_stylesheets(self) -> tuple[Stylesheet, ...]:
        """Those of EN 16931 and of Peppol BIS Billing, in this order; none where they are not installed."""
        return _en16931_sheets(self._peppol) if self._peppol else ()

    def failed(self, root: Element, stylesheets: Sequence[Stylesheet]) -> tuple[FailedRule, ...]:
        """What all `stylesheets` find in a document; one that stops is a finding itself and does not stop the next."""
        try:
            node = self._engine.node_of(root)
        except EvaluationError as error:
            return (_not_evaluated(error),)
        return tuple(sorted({rule for stylesheet in stylesheets for rule in self._one(stylesheet, node)}))

    def _one(self, stylesheet: Stylesheet, node: Any) -> tuple[FailedRule, ...]:
        try:
            return read_violations(self._engine.violations(stylesheet.path, node), stylesheet.dialect)
        except EvaluationError as error:
            return (_not_evaluated(error),)

    def _names(self) -> list[str]:
        oioubl = [f"OIOUBL schematron {_version(self._oioubl)}"] if self._oioubl else []
        peppol = [f"EN 16931 and Peppol BIS Billing {_version(self._peppol)}"] if self._peppol else []
        return [*oioubl, *peppol]


def _oioubl_sheet(folder: Path, kind: DocumentType) -> Stylesheet:
    path = folder / f"OIOUBL_{kind}_Schematron.xslt"
    return Stylesheet(path=path, name=f"OIOUBL schematron {_version(folder)}", dialect=Dialect.OIOUBL)


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


def _version_of(folder: Path, family: str) -> Path | None:
    found = sorted(folder.glob(f"{family}/xslt-*"))
    if len(found) > 1:
        raise SettingError(
            f"{folder} must hold one version of the rules as `{family}/xslt-<version>`; it holds {len(found)}."
        )
    return found[0] if found else None
