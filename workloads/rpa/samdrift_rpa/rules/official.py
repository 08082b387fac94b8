"""The official OIOUBL rules: UBL schema first, then the schematron of Erhvervsstyrelsen, compiled to XSLT 2.0.

libxslt stops at XSLT 1.0, so Saxon-HE runs them (saxonche 12.x; 13.x does not compile OIOUBL 1.17.2).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from samdrift_platform.cpr import mask
from samdrift_platform.errors import SamdriftError, SettingError
from samdrift_rpa.documents import POSTED, Document, DocumentType, parse
from samdrift_rpa.rules.findings import FailedRule, Severity
from samdrift_rpa.rules.schemas import Schemas

SVRL = "http://purl.oclc.org/dsdl/svrl"
#: The code stands at the start of the message; OIOUBL's SVRL has neither `id` nor `flag`.
_MESSAGE = re.compile(r"\[([FW]-[A-Z]+\d+)\]\s*(.*)", re.DOTALL)
_SEVERITY = {"F": Severity.FATAL, "W": Severity.WARNING}


class RuleEngineError(SamdriftError):
    """The official rules could not be run on this document. Nothing was decided; see the engine's words."""


class OfficialRules:
    """Schema and schematron; both are compiled once per process, here for invoices and credit notes at once."""

    official = True

    def __init__(self, folder: Path) -> None:
        """`folder` holds `oioubl/xslt-<version>/` and `ubl-xsd/`."""
        from saxonche import PySaxonProcessor

        self._stylesheets = _stylesheets(folder)
        self._schemas = Schemas(folder / "ubl-xsd")
        self._processor = PySaxonProcessor(license=False)
        self._compiled: dict[DocumentType, Any] = {}
        version = self._stylesheets.name.removeprefix("xslt-")
        self.name = f"OIOUBL schematron {version} and UBL schemas"
        for kind in POSTED:
            self._executable(kind)

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """The broken rules, sorted by code. A document that breaks its schema is not put to the schematron."""
        return self._schemas.check(document) or self.schematron(document)

    def schematron(self, document: Document) -> tuple[FailedRule, ...]:
        """The broken rules of the schematron alone."""
        from lxml import etree

        try:
            node = self._processor.parse_xml(xml_text=etree.tostring(document.root, encoding="unicode"))
            executable = self._executable(document.type)
            executable.set_global_context_item(xdm_item=node)  # the stylesheets read the context document's URI
            report = executable.transform_to_string(xdm_node=node)
        except RuntimeError as error:  # PySaxonApiError is one
            raise RuleEngineError(f"{RuleEngineError.__doc__} ({mask(str(error))})") from error
        return _read_svrl(report)

    def _executable(self, kind: DocumentType) -> Any:
        if kind not in self._compiled:
            path = self._stylesheets / f"OIOUBL_{kind}_Schematron.xslt"
            compiler = self._processor.new_xslt30_processor()
            self._compiled[kind] = compiler.compile_stylesheet(stylesheet_file=str(path))
        return self._compiled[kind]


def _stylesheets(folder: Path) -> Path:
    found = sorted(folder.glob("oioubl/xslt-*"))
    if len(found) != 1:
        raise SettingError(
            f"{folder} must hold exactly one version of the rules, as `oioubl/xslt-<version>`; it holds {len(found)}."
        )
    return found[0]


def _read_svrl(report: str) -> tuple[FailedRule, ...]:
    """Violations are `failed-assert` and, in OIOUBL, `successful-report` too."""
    root = parse(report.encode())
    found = [*root.iter(f"{{{SVRL}}}failed-assert"), *root.iter(f"{{{SVRL}}}successful-report")]
    return tuple(sorted({_failed(" ".join("".join(element.itertext()).split())) for element in found}))


def _failed(message: str) -> FailedRule:
    match = _MESSAGE.match(message)
    if match is None:  # a rule without a code is a rule all the same
        return FailedRule(code="F-UNKNOWN", severity=Severity.FATAL, sentence=mask(message))
    code, sentence = match.groups()
    return FailedRule(code=code, severity=_SEVERITY[code[0]], sentence=mask(sentence))
