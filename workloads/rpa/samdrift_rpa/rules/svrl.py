"""Reports of schematron (SVRL, ISO/IEC 19757-3 annex D), read into broken rules."""

from __future__ import annotations

import re
from enum import StrEnum

from samdrift_platform.cpr import mask
from samdrift_rpa.rules.findings import FailedRule, Severity

_FAILED = "failed-assert"
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


def read_violations(lines: str, dialect: Dialect) -> tuple[FailedRule, ...]:
    """The broken rules of one report, as `samdrift_rpa.rules.engine` lists its violations."""
    found = [line.split("\t") for line in lines.split("\n") if line]  # splitlines() also splits at U+2028 and others
    if dialect is Dialect.OIOUBL:
        return tuple(_oioubl(mask(message)) for _, _, _, message in found)
    return tuple(_en16931(code, flag, mask(message)) for kind, code, flag, message in found if kind == _FAILED)


def is_counted(rule: FailedRule) -> bool:
    """The rule has a code of its publisher; OIOUBL's remarks without one (`OIOUBL-Common-GP004`) are not counted."""
    return not _REMARK.match(rule.code)


def _oioubl(message: str) -> FailedRule:
    match = _MESSAGE.match(message)
    if match is None:  # a rule without a code is a rule all the same
        return FailedRule(code=NAMELESS, severity=Severity.FATAL, sentence=message)
    code, sentence = match.groups()
    severity = Severity.FATAL if code.startswith("F-") else Severity.WARNING
    return FailedRule(code=code, severity=severity, sentence=sentence)


def _en16931(code: str, flag: str, message: str) -> FailedRule:
    severity = Severity.WARNING if flag == "warning" else Severity.FATAL
    sentence = message.removeprefix(f"[{code}]").lstrip("- ")
    return FailedRule(code=code or NAMELESS, severity=severity, sentence=sentence)
