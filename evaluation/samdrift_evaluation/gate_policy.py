"""Gate policies: what a report must show before a version may serve, and whom that takes, as data that people sign.

A YAML file with name and version; `gate_policy.schema.json` beside this file is its published schema. Policies are
never edited: a change is a new version, which is adopted anew and asks for new approvals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.schemas import first_fault

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
    #: "overall", "each" (every subgroup that the report has), or names such as "density=dense".
    subgroups: str | tuple[str, ...] = "overall"
    too_few: WhenTooFew = WhenTooFew.REFUSE


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
    """A policy as it was read; `digest` names its file."""

    name: str
    version: int
    #: Of the file's bytes.
    digest: str
    #: Why these rules, in a sentence or two.
    reason: str
    rules: tuple[Rule, ...]
    #: Margins and thresholds that the suite takes from here.
    margins: Mapping[str, float] = field(default_factory=dict)
    evidence: EvidenceBy = EvidenceBy.OWN
    approvals: Approvals = field(default_factory=Approvals)
    required_facts: tuple[str, ...] = REQUIRED_FACTS
    #: Items that a version must have scored as a shadow before it may answer.
    least_shadow_items: int = 0
    watch: Watch = field(default_factory=Watch)

    def __str__(self) -> str:
        return f"{self.name} {self.version}@{self.digest}"


def read_policy(text: bytes) -> GatePolicy:
    """A policy from its YAML file.

    Raises:
        PolicyUnreadableError: it is not YAML, breaks the schema, or a rule demands nothing.
    """
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyUnreadableError(f"{PolicyUnreadableError.__doc__} It is not YAML.") from error
    if fault := first_fault("gate_policy", document):
        raise PolicyUnreadableError(f"The gate policy is not usable: {fault}. Correct it and give it a new version.")
    return _policy(document, "sha256:" + hashlib.sha256(text).hexdigest())


def _policy(document: Mapping[str, Any], digest: str) -> GatePolicy:
    shadow = document.get("shadow", {})
    optional = {name: document[name] for name in ("margins",) if name in document}
    if "required_facts" in document:
        optional["required_facts"] = tuple(document["required_facts"])
    return GatePolicy(
        name=document["name"],
        version=document["version"],
        digest=digest,
        reason=document["reason"],
        rules=tuple(_rule(each) for each in document["rules"]),
        evidence=EvidenceBy(document.get("evidence", EvidenceBy.OWN)),
        approvals=_approvals(document.get("approvals", {})),
        least_shadow_items=shadow.get("least_items", 0),
        watch=_watch(document.get("watch", {})),
        **optional,
    )


def _rule(document: Mapping[str, Any]) -> Rule:
    chosen = document.get("subgroups", "overall")
    return Rule(
        figure=document["figure"],
        bound=Bound(document["bound"]),
        at_least=document.get("at_least"),
        at_most=document.get("at_most"),
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
