"""The gate: holds a report to a policy, by the bounds of intervals, and says what failed, by how much, what would help.

It looks at nothing else: no name, no supplier, no date. The same report and policy give the same judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from samdrift_evaluation.estimate import Figure, TooFew
from samdrift_evaluation.gate_policy import Bound, GatePolicy, Rule, WhenTooFew
from samdrift_evaluation.gate_policy import read_policy as read_policy
from samdrift_evaluation.report import Report


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One rule and what the report says about it; `str()` is a sentence for a person."""

    rule: Rule
    #: None: all cases.
    subgroup: str | None
    #: None: the report does not have the figure.
    figure: Figure | None
    passed: bool

    def __str__(self) -> str:
        return f"{self._what()} {self._verdict()}"

    def _what(self) -> str:
        return self.rule.figure if self.subgroup is None else f"{self.rule.figure} ({self.subgroup})"

    def _verdict(self) -> str:
        if self.figure is None:
            return "was not measured. Evaluate with a suite that measures it."
        if isinstance(self.figure, TooFew):
            return _too_few(self.figure, passed=self.passed)
        value = _bound_of(self.rule.bound, self.figure.low, self.figure.high)
        told = f"is {self.figure}; its {self.rule.bound} bound {value:.4g} {_demand(self.rule)}"
        return (
            f"{told}: passed." if self.passed else f"{told}: missed by {_missed(self.rule, value):.3g}. {self._help()}"
        )

    def _help(self) -> str:
        """Whether more cases could help: only if the point itself is on the right side."""
        assert self.figure is not None  # noqa: S101 - `_verdict` asked before
        assert not isinstance(self.figure, TooFew)  # noqa: S101 - so did it this
        if _missed(self.rule, self.figure.value) > 0:
            return "The value itself is on the wrong side: only a better model would pass."
        return f"The value itself is on the right side: more than {self.figure.n} cases would narrow the interval."


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the gate found."""

    passed: bool
    #: Those that refuse come first.
    reasons: tuple[Reason, ...]

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons that keep the version out."""
        return tuple(reason for reason in self.reasons if not reason.passed)


def judge(report: Report, policy: GatePolicy) -> Judgement:
    """Hold `report` to every rule of `policy`; it passes when none refuses."""
    reasons = [reason for rule in policy.rules for reason in _reasons(report, rule)]
    reasons.sort(key=lambda reason: reason.passed)
    return Judgement(passed=all(reason.passed for reason in reasons), reasons=tuple(reasons))


def _reasons(report: Report, rule: Rule) -> Iterator[Reason]:
    for subgroup in _subgroups(report, rule):
        figure = report.figure(rule.figure, subgroup)
        yield Reason(rule=rule, subgroup=subgroup, figure=figure, passed=_passes(rule, figure))


def _subgroups(report: Report, rule: Rule) -> Sequence[str | None]:
    """Which lines the rule is about. A report without subgroups does not slip through "each"."""
    if rule.subgroups == "overall":
        return [None]
    if rule.subgroups == "each":
        return [line.subgroup for line in report.subgroups(rule.figure)] or ["each subgroup"]
    return list(rule.subgroups)


def _passes(rule: Rule, figure: Figure | None) -> bool:
    if figure is None:
        return False
    if isinstance(figure, TooFew):
        return rule.too_few is WhenTooFew.ALLOW
    return _missed(rule, _bound_of(rule.bound, figure.low, figure.high)) <= 0


def _bound_of(bound: Bound, low: float, high: float) -> float:
    return low if bound is Bound.LOW else high


def _missed(rule: Rule, value: float) -> float:
    """How far `value` is on the wrong side of the rule; 0 or below: it is not."""
    short = [] if rule.at_least is None else [rule.at_least - value]
    over = [] if rule.at_most is None else [value - rule.at_most]
    return max(short + over)


def _demand(rule: Rule) -> str:
    least = "" if rule.at_least is None else f"at least {rule.at_least:g}"
    most = "" if rule.at_most is None else f"at most {rule.at_most:g}"
    return "must be " + " and ".join(part for part in (least, most) if part)


def _too_few(figure: TooFew, *, passed: bool) -> str:
    then = "The policy lets that pass." if passed else "Collect more cases; the policy asks for a figure."
    return f"has no figure ({figure}). {then}"
