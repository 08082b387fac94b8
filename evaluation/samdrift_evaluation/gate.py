"""The gate: holds a report to a policy, by the bounds of intervals, and says what failed, by how much, what would help.

It looks at nothing else: no name, no supplier, no date. The same report and policy give the same judgement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.gate_policy import GatePolicy, Rule, WhenTooFew
from samdrift_evaluation.gate_policy import read_policy as read_policy
from samdrift_evaluation.report import Report


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One demand of the policy and what came of it; `str()` is told to a person."""

    #: What is demanded something of: "auc_exam", "skill (weather=mild)", "setting recall_threshold".
    about: str
    passed: bool
    #: What was found, and by how much it misses the demand.
    found: str
    #: What would change it; empty where it passed.
    remedy: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.about, self.found, self.remedy) if part)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the gate found."""

    #: In the policy's order, but those that refuse come first.
    reasons: tuple[Reason, ...]

    @property
    def passed(self) -> bool:
        """Whether every demand is met."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons that keep the version out."""
        return tuple(reason for reason in self.reasons if not reason.passed)


def judge(report: Report, policy: GatePolicy) -> Judgement:
    """Hold `report` to everything that `policy` demands of figures and of how they were made."""
    reasons = [*_made_as_asked(report, policy)]
    for rule in policy.rules:
        reasons += [_held(rule, subgroup, report, policy) for subgroup in _subgroups(report, rule)]
    return Judgement(reasons=tuple(sorted(reasons, key=lambda reason: reason.passed)))


def _made_as_asked(report: Report, policy: GatePolicy) -> Iterator[Reason]:
    """A figure means something else under another threshold, so the settings are held to the policy, too."""
    if policy.suite is not None:
        yield _same("suite", report.suite, policy.suite)
    for name, asked in policy.settings.items():
        yield _same(f"setting {name}", report.settings.get(name), asked)


def _same(about: str, found: object, asked: object) -> Reason:
    if found == asked:
        return Reason(about=about, passed=True, found=f"is {asked}, as the policy asks.")
    told = "is not stated" if found is None else f"is {found}"
    remedy = f"Evaluate with {asked}, or have a policy adopted that means the other."
    return Reason(about=about, passed=False, found=f"{told}; the policy asks for {asked}.", remedy=remedy)


def _subgroups(report: Report, rule: Rule) -> Sequence[str | None]:
    """Which lines the rule is about. A report without subgroups does not slip through "each"."""
    if rule.subgroups == "overall":
        return [None]
    if rule.subgroups == "each":
        return [line.subgroup for line in report.subgroups(rule.figure)] or ["each subgroup"]
    return list(rule.subgroups)


def _held(rule: Rule, subgroup: str | None, report: Report, policy: GatePolicy) -> Reason:
    about = rule.figure if subgroup is None else f"{rule.figure} ({subgroup})"
    figure: Figure | None = report.figure(rule.figure, subgroup)
    if figure is None:
        remedy = "Evaluate with a suite that measures it."
        return Reason(about=about, passed=False, found="was not measured.", remedy=remedy)
    if isinstance(figure, TooFew):
        return _without_number(about, figure, rule)
    if figure.confidence < policy.confidence:
        found = f"has an interval of confidence {figure.confidence:g}; the policy asks for {policy.confidence:g}."
        return Reason(about=about, passed=False, found=found, remedy="Evaluate with the wider interval.")
    return _with_number(about, figure, rule)


def _without_number(about: str, figure: TooFew, rule: Rule) -> Reason:
    if rule.too_few is WhenTooFew.ALLOW:
        return Reason(about=about, passed=True, found=f"has no figure ({figure}). The policy lets that pass.")
    remedy = "Collect more cases; the policy asks for a figure."
    return Reason(about=about, passed=False, found=f"has no figure ({figure}).", remedy=remedy)


def _with_number(about: str, figure: Estimate, rule: Rule) -> Reason:
    bound = rule.bound_of(figure)
    told = f"is {figure}; its {rule.bound} bound {bound:.4g} must {rule.demand}"
    if rule.passes(bound):
        return Reason(about=about, passed=True, found=f"{told}: passed.")
    missed = f"{told}: missed by {rule.missed_by(bound):.2g}."
    return Reason(about=about, passed=False, found=missed, remedy=_remedy(figure, rule))


def _remedy(figure: Estimate, rule: Rule) -> str:
    """More cases help only if the point itself is on the right side; an interval narrows with the root of n."""
    if not rule.passes(figure.value):
        return "The value itself is on the wrong side: more cases would not help, only a better model."
    bound = rule.bound_of(figure)
    wide, room = abs(figure.value - bound), abs(figure.value - bound) - rule.missed_by(bound)
    if room <= wide / 100:
        return (
            "The value itself is on the right side, but only just: no number of cases can be named that would show it."
        )
    needed = _rounded_up(figure.n * (wide / room) ** 2)
    return (
        f"The value itself is on the right side: with about {needed:,} such cases instead of {figure.n:,} "
        "the interval would be narrow enough, if the value stays."
    )


def _rounded_up(cases: float) -> int:
    """To two significant digits: it is an estimate."""
    step = int(10 ** max(0, math.floor(math.log10(cases)) - 1))
    return math.ceil(cases / step) * step
