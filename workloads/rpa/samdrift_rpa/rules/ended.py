"""Official rules in a process of their own, for documents that may take them long: a call that ends, whatever they do.

Neither Saxon nor libxml2 can be interrupted, and some official rules look at all later lines for each line, so that
twice the lines take four times as long.
"""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path

from samdrift_platform.bounded_process import BoundedProcess, OutOfTimeError
from samdrift_platform.errors import SamdriftError
from samdrift_rpa.documents import Document
from samdrift_rpa.rules.findings import Findings

#: By the clock it may take so many times its CPU time, on a machine that has other work.
_PATIENCE = 10.0


class UnfinishedError(SamdriftError):
    """The official rules were not done with it in time, so there is no verdict. Ask for the document in parts."""


class EndedRules:
    """One process for the rules of a folder. One document at a time."""

    def __init__(self, folder: Path, longest_cpu_s: float) -> None:
        """The rules below `folder`; a document that takes more CPU seconds than `longest_cpu_s` ends the process."""
        self._longest_cpu_s = longest_cpu_s
        self.process = BoundedProcess(
            "samdrift_rpa.rules.ended_process",
            str(longest_cpu_s),
            str(folder.absolute()),
            longest_s=longest_cpu_s * _PATIENCE,
        )

    def validate(self, document: Document) -> Findings:
        """What `OfficialRules.validate_here` says.

        Raises:
            UnfinishedError: it was not done in time.
            LostProcessError: the process was lost twice, for another reason.
            ProcessStartError: there is no process to ask.
        """
        try:
            return Findings.from_json(self.process.ask(document.source or _serialised(document)))
        except OutOfTimeError as error:
            raise UnfinishedError(
                f"The official rules were not done with it after {self._longest_cpu_s:.12g} s of CPU time, so there is "
                "no verdict. Ask for the document in parts, or raise SAMDRIFT_RPA_RULES_CPU_S."
            ) from error


def _serialised(document: Document) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(document.root, encoding="utf-8", with_tail=False))


@cache
def ended_rules(folder: Path, longest_cpu_s: float) -> EndedRules:
    """Those of this process, for a folder and a limit."""
    rules = EndedRules(folder, longest_cpu_s)
    atexit.register(rules.process.close)
    return rules
