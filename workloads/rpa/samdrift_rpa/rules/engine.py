"""Saxon-HE, which runs XSLT 2.0; libxslt stops at 1.0. Closed to files, network and the environment.

saxonche 12.x: 13.x does not compile OIOUBL 1.17.2.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from samdrift_platform.cpr import mask
from samdrift_platform.errors import SettingError
from samdrift_rpa.ubl import Element

#: Namespace of reports (ISO/IEC 19757-3, annex D).
SVRL = "http://purl.oclc.org/dsdl/svrl"
#: A line a violation: `failed-assert` or `successful-report`, its id, its flag and its message, with tabs between.
VIOLATIONS = (
    "string-join(distinct-values(//(svrl:failed-assert | svrl:successful-report)/string-join("
    "(local-name(), normalize-space(@id), normalize-space(@flag), normalize-space()), '\t')), '\n')"
)
#: Saxon's features that are shut. No protocol is allowed, so `doc()`, `unparsed-text()` and imports reach nothing.
_CLOSED = {
    "http://saxon.sf.net/feature/allow-external-functions": "off",
    "http://saxon.sf.net/feature/allowedProtocols": "none",
}

_QUOTED = re.compile(r'"[^"]*"?', re.DOTALL)


class EvaluationError(Exception):
    """A stylesheet stopped on this document: an expression of a rule cannot be evaluated with what stands in it."""


class Engine:
    """One processor per process; each stylesheet is compiled when it is first needed, and kept."""

    def __init__(self) -> None:
        """Start the processor."""
        from saxonche import PySaxonApiError, PySaxonProcessor

        self._error = PySaxonApiError
        self._processor = PySaxonProcessor(license=False)
        for feature, value in _CLOSED.items():
            self._processor.set_configuration_property(feature, value)
        self._picker = self._processor.new_xpath_processor()
        self._picker.declare_namespace("svrl", SVRL)
        self._picker.set_caching(True)
        self._compiled: dict[Path, Any] = {}

    def compile(self, stylesheet: Path) -> None:
        """Have `stylesheet` ready.

        Raises:
            SettingError: it cannot be read or compiled; the message says which.
        """
        if stylesheet not in self._compiled:
            self._compiled[stylesheet] = self._compile(stylesheet)

    def node_of(self, root: Element) -> Any:
        """The element, as a document of its own, in Saxon's tree; made once for all stylesheets that it is put to."""
        try:
            return self._processor.parse_xml(xml_text=_text(root))
        except self._error as error:
            raise EvaluationError(_first_line(error)) from error

    def violations(self, stylesheet: Path, node: Any) -> str:
        """What `stylesheet` reports about `node`: the distinct lines that `VIOLATIONS` makes of its SVRL.

        They are picked in Saxon's own tree: writing the whole report as XML and parsing it again took longer.

        Raises:
            EvaluationError: the transformation stopped.
        """
        self.compile(stylesheet)
        executable = self._compiled[stylesheet]
        try:
            executable.set_global_context_item(xdm_item=node)  # the stylesheets read the context document's URI
            report = executable.transform_to_value(xdm_node=node)
            if report is not None:
                self._picker.set_context(xdm_item=report.head)
                return str(self._picker.evaluate_single(VIOLATIONS))
        except self._error as error:
            raise EvaluationError(_first_line(error)) from error
        raise EvaluationError("it wrote no report")

    def _compile(self, stylesheet: Path) -> Any:
        try:
            text = stylesheet.read_text(encoding="utf-8-sig")
            executable = self._processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=text)
        except (OSError, UnicodeDecodeError, self._error) as error:
            raise SettingError(f"The stylesheet {stylesheet} cannot be used: {_first_line(error)}") from error
        # xsl:message would write what a document says to standard error or, with False, to a file called "off"
        executable.set_save_xsl_message(True, os.devnull)
        return executable


def _text(root: Element) -> str:
    from lxml import etree

    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def _first_line(error: Exception) -> str:
    """One line of the engine's words, without CPR numbers and without what it quotes: that may be a person's name."""
    return mask(" ".join(_QUOTED.sub("…", str(error)).split())[:300])
