"""The report that an evaluation was about, as it is kept, with the verdict as it was signed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_registry.errors import NotProvenError
from samdrift_registry.proof import report_path
from samdrift_registry.statements import Statement

if TYPE_CHECKING:
    from markupsafe import Markup

    from samdrift_evaluation.report import Report


@dataclass(frozen=True, kw_only=True)
class SignedVerdict:
    """What the gate made of it, from the statement: it stays true when the policy has changed since."""

    passed: bool
    reasons: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class KeptReport:
    """A report that is what was signed."""

    report: Report
    verdict: SignedVerdict

    def page(self, language: str) -> str:
        """A self-contained page."""
        from samdrift_evaluation.report_page import report_page

        return report_page(self.report, self.verdict, language)

    def body(self, language: str, *, with_verdict: bool = True) -> Markup:
        """For a page of the portal: headings from `h2` on."""
        from samdrift_evaluation.report_page import report_body

        return report_body(self.report, language, self.verdict if with_verdict else None)


def kept_report(home: Path, evaluated: Statement) -> KeptReport:
    """The report behind a statement `evaluated`.

    Raises:
        NotProvenError: it is not there, or not the file that was signed.
    """
    from samdrift_evaluation.report import Report

    digest = str(evaluated.facts["report"])
    path = report_path(home, digest)
    data = path.read_bytes() if path.is_file() else b""
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise NotProvenError.about(f"The report {path.name} of {evaluated.subject} is not the file that was signed")
    verdict = SignedVerdict(passed=bool(evaluated.facts["passed"]), reasons=list(evaluated.facts["reasons"]))
    return KeptReport(report=Report.from_bytes(data), verdict=verdict)
