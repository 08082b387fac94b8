"""Reports of schematron (SVRL, ISO/IEC 19757-3 annex D), read into broken rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from samdrift_platform.cpr import mask
from samdrift_rpa.documents import parse
from samdrift_rpa.rules.findings import FailedRule, Severity
from samdrift_rpa.ubl import Element

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
#: OIOUBL writes the code at the start of the message; its SVRL has neither `id` nor `flag`.
_MESSAGE = re.compile(r"\[([A-Za-z][\w-]*)\]\s*(.*)", re.DOTALL)
#: Code of a rule that says neither in its attributes nor in its message what it is called.
NAMELESS = "F-UNKNOWN"


#: A code as the publishers count them: OIOUBL's own, and whatever EN 16931 and Peppol call a rule.
_REMARK = re.compile(r"OIOUBL-Common-")


class Dialect(StrEnum):
    """How a family of rules writes its reports."""

    #: The code stands in the message; a `successful-report` is a violation too. `F-` is fatal and `W-` a warning. Six
    #: rules of 1.17.2 on emissions (`OIOUBL-Common-GP004` to `GP009`) say neither: remarks, and so warnings.
    OIOUBL = "oioubl"
    #: The code is the attribute `id`, the severity the attribute `flag`; only `failed-assert` is a violation.
    EN16931 = "en16931"


def read_svrl(report: str, dialect: Dialect) -> tuple[FailedRule, ...]:
    """The broken rules of one report, in document order."""
    root = parse(report.encode())
    names = ("failed-assert", "successful-report") if dialect is Dialect.OIOUBL else ("failed-assert",)
    read = _oioubl if dialect is Dialect.OIOUBL else _en16931
    return tuple(read(element, message) for element, message in _violations(root, names))


def is_counted(rule: FailedRule) -> bool:
    """The rule has a code of its publisher; OIOUBL's remarks without one (`OIOUBL-Common-GP004`) are not counted."""
    return not _REMARK.match(rule.code)


def _violations(root: Element, names: tuple[str, ...]) -> Iterator[tuple[Element, str]]:
    for element in root.iter(*(SVRL + name for name in names)):
        yield element, mask(" ".join("".join(element.itertext()).split()))


def _oioubl(element: Element, message: str) -> FailedRule:
    match = _MESSAGE.match(message)
    if match is None:  # a rule without a code is a rule all the same
        return FailedRule(code=NAMELESS, severity=Severity.FATAL, sentence=message)
    code, sentence = match.groups()
    severity = Severity.FATAL if code.startswith("F-") else Severity.WARNING
    return FailedRule(code=code, severity=severity, sentence=sentence)


def _en16931(element: Element, message: str) -> FailedRule:
    code = element.get("id") or NAMELESS
    severity = Severity.WARNING if element.get("flag") == "warning" else Severity.FATAL
    return FailedRule(code=code, severity=severity, sentence=message.removeprefix(f"[{code}]").lstrip("- "))
