"""Gate policies: what a report must show before a version may serve, and whom that takes, as data that people sign.

A YAML file with name and version; `gate_policy.schema.json` beside this file is its published schema. Policies are
never edited: a change is a new version, which is adopted anew and asks for new approvals.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from samdrift_evaluation import strict_yaml
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.schemas import first_fault

#: The policies that come with this package.
FOLDER = Path(__file__).parent / "policies"

#: What people must declare of a version; Deloitte's evaluation of Denmark's signature projects (January 2025) found
#: that many could not go into operation for want of exactly these.
REQUIRED_FACTS = (
    "legal_basis",
    "purpose",
    "data_protection_assessment",
    "mdr_class",
    "ai_act_class",
    "intended_use",
)


class PolicyUnreadableError(EvaluationError):
    """This is not a gate policy. `gate_policy.schema.json` says what one looks like; correct the named place."""


class Bound(StrEnum):
    """The end of a figure's interval that a rule looks at. Never the point: a small study would pass by luck."""

    LOW = "low"
    HIGH = "high"


class WhenTooFew(StrEnum):
    """What a figure that is too uncertain to have a number does to a rule."""

    REFUSE = "refuse"
    #: Passes, and is told.
    ALLOW = "allow"


class EvidenceBy(StrEnum):
    """Whose evaluation suffices."""

    #: The suite was run here.
    OWN = "own"
    #: The report that came with the model is believed, if it is about exactly this content.
    SUPPLIER = "supplier"


class AlarmAction(StrEnum):
    """What an alarm of the watch does besides opening an inbox item."""

    NONE = "none"
    #: Puts the workload in its safe state until a person resumes it.
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One demand on one figure."""

    #: As in `report.Line.name`.
    figure: str
    bound: Bound
    at_least: float | None = None
    at_most: float | None = None
    #: The margin that the limit comes from. Non-inferiority is strict: the bound must lie inside, not on, the margin.
    margin: str | None = None
    #: "overall", "each" (every subgroup that the report has), or names such as "density=dense".
    subgroups: str | tuple[str, ...] = "overall"
    too_few: WhenTooFew = WhenTooFew.REFUSE

    def bound_of(self, figure: Estimate) -> float:
        """The end of the interval that the rule looks at."""
        return figure.low if self.bound is Bound.LOW else figure.high

    def missed_by(self, value: float) -> float:
        """How far `value` lies on the wrong side; 0 or below where it does not."""
        short = [] if self.at_least is None else [self.at_least - value]
        over = [] if self.at_most is None else [value - self.at_most]
        return max(short + over)

    def passes(self, value: float) -> bool:
        """Whether `value` meets the demand; nothing that is not a number does."""
        missed = self.missed_by(value)
        return missed < 0 if self.margin else missed <= 0

    @property
    def demand(self) -> str:
        """As it ends a sentence: "be at least 0.6", "lie above -0.05 (margin sensitivity)"."""
        least, most = ("lie above", "lie below") if self.margin else ("be at least", "be at most")
        # Adding 0.0 makes a 0 of a -0.
        parts = [] if self.at_least is None else [f"{least} {self.at_least + 0.0:g}"]
        parts += [] if self.at_most is None else [f"{most} {self.at_most + 0.0:g}"]
        return " and ".join(parts) + (f" (margin {self.margin})" if self.margin else "")


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Whose approval a version needs."""

    #: Different people, none of whom registered the version.
    people: int = 2
    #: Each group must be covered by an approval in one of its roles.
    roles: tuple[tuple[str, ...], ...] = (("clinical", "domain"), ("technical",))
    #: An approval that is not used by then is void.
    valid_days: int = 30


@dataclass(frozen=True, kw_only=True)
class Watch:
    """When the watch raises an alarm about a version that serves."""

    #: Population stability index of a score, at most.
    psi: float = 0.25
    #: Kolmogorov-Smirnov p-value of a score, at least.
    ks_p: float = 0.001
    #: Scores below which a window says "too few".
    least: int = 100
    alarm_action: AlarmAction = AlarmAction.NONE


@dataclass(frozen=True, kw_only=True)
class GatePolicy:
    """A policy as it was read; `str()` gives "reader-study-margin-0.05/1"."""

    name: str
    version: int
    #: `sha256:…` of the file's bytes.
    digest: str
    #: Why these rules, in a sentence or two.
    reason: str
    rules: tuple[Rule, ...]
    #: The suite that must have made the report; None: any.
    suite: str | None = None
    #: What the report must have been made with: thresholds, shares, prevalence. Figures mean something else without.
    settings: Mapping[str, str | float] = field(default_factory=dict)
    #: Name -> how much worse than today's practice is still accepted, 0 or above, in the figure's unit.
    margins: Mapping[str, float] = field(default_factory=dict)
    #: Least confidence of an interval.
    confidence: float = 0.95
    evidence: EvidenceBy = EvidenceBy.OWN
    approvals: Approvals = field(default_factory=Approvals)
    required_facts: tuple[str, ...] = REQUIRED_FACTS
    #: Items that a version must have scored as a shadow before it may answer.
    least_shadow_items: int = 0
    watch: Watch = field(default_factory=Watch)

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


def read_policy(text: bytes) -> GatePolicy:
    """A policy from its YAML file.

    Raises:
        PolicyUnreadableError: it is not YAML, says a thing twice, breaks the schema, names a margin that it does not
            state, or has a rule that nothing could miss.
    """
    document = _parsed(text)
    if fault := first_fault("gate_policy", document) or next(_faults(document), None):
        raise PolicyUnreadableError(f"The gate policy is not usable: {fault}. Correct it and give it a new version.")
    return _policy(document, "sha256:" + hashlib.sha256(text).hexdigest())


def _parsed(text: bytes) -> Any:
    try:
        return strict_yaml.load(text)
    except strict_yaml.SaidTwiceError as error:
        raise PolicyUnreadableError(f"The gate policy cannot be used. {error.message}", field=error.field) from error
    except strict_yaml.NotYamlError as error:
        raise PolicyUnreadableError(f"{PolicyUnreadableError.__doc__} It is not YAML.") from error


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong although the schema is kept."""
    margins = document.get("margins", {})
    numbers = {f"margins/{name}": margin for name, margin in margins.items()}
    for i, rule in enumerate(document["rules"]):
        if rule.get("margin", "") not in {"", *margins}:
            yield f"rules/{i}: the margin {rule['margin']!r} is not among the margins"
        numbers |= {f"rules/{i}/{name}": rule[name] for name in _LIMITS if name in rule}
    for place, number in numbers.items():
        if not math.isfinite(number):
            yield f"{place}: {number} is no limit"


_LIMITS = ("at_least", "at_most")


def _policy(document: Mapping[str, Any], digest: str) -> GatePolicy:
    margins = document.get("margins", {})
    return GatePolicy(
        name=document["name"],
        version=int(document["version"]),
        digest=digest,
        reason=document["reason"],
        rules=tuple(_rule(each, margins) for each in document["rules"]),
        suite=document.get("suite"),
        settings=document.get("settings", {}),
        margins=margins,
        confidence=document.get("confidence", 0.95),
        evidence=EvidenceBy(document.get("evidence", EvidenceBy.OWN)),
        approvals=_approvals(document.get("approvals", {})),
        required_facts=tuple(document.get("required_facts", REQUIRED_FACTS)),
        least_shadow_items=document.get("shadow", {}).get("least_items", 0),
        watch=_watch(document.get("watch", {})),
    )


def _rule(document: Mapping[str, Any], margins: Mapping[str, float]) -> Rule:
    chosen, bound = document.get("subgroups", "overall"), Bound(document["bound"])
    limits: dict[str, float] = {name: document[name] for name in _LIMITS if name in document}
    if margin := document.get("margin"):
        limits = {"at_least": -margins[margin]} if bound is Bound.LOW else {"at_most": margins[margin]}
    return Rule(
        figure=document["figure"],
        bound=bound,
        at_least=limits.get("at_least"),
        at_most=limits.get("at_most"),
        margin=margin,
        subgroups=chosen if isinstance(chosen, str) else tuple(chosen),
        too_few=WhenTooFew(document.get("too_few", WhenTooFew.REFUSE)),
    )


def _approvals(document: Mapping[str, Any]) -> Approvals:
    if "roles" not in document:
        return Approvals(**document)
    return Approvals(**{**document, "roles": tuple(tuple(group) for group in document["roles"])})


def _watch(document: Mapping[str, Any]) -> Watch:
    action = AlarmAction(document.get("alarm_action", AlarmAction.NONE))
    return Watch(**{**document, "alarm_action": action})
