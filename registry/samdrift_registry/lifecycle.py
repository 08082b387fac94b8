"""The state of a version: a fold over statements, with the rules of every transition.

Nothing here is stored. Whoever has the statements has the states, at any moment in the past too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from samdrift_registry.approvals import Approval, Evidence, Weighed, lacking, weigh
from samdrift_registry.deployments import Deployment, Slot, current
from samdrift_registry.errors import TransitionError, VersionUnknownError
from samdrift_registry.people import Person as Person
from samdrift_registry.people import people as people
from samdrift_registry.rules import Rules, in_force
from samdrift_registry.statements import Kind, Statement, model_subject


class State(StrEnum):
    """How far a version has come."""

    #: It has a signed manifest; no evaluation under the policy in force has passed yet.
    DRAFT = "draft"
    #: The gate let it through.
    EVALUATED = "evaluated"
    #: The people whom the policy asks for have approved it, and every required fact is declared.
    APPROVED = "approved"
    SHADOW = "shadow"
    CANARY = "canary"
    CHAMPION = "champion"
    RETIRED = "retired"
    #: It could not be taken in, or the gate stopped it. The reasons stand in `Standing.blocked`.
    REFUSED = "refused"


class Act(StrEnum):
    """What can be done with a version."""

    DECLARE = "declare"
    EVALUATE = "evaluate"
    APPROVE = "approve"
    SHADOW = "shadow"
    CANARY = "canary"
    PROMOTE = "promote"
    RETIRE = "retire"


_SERVING = frozenset({State.SHADOW, State.CANARY, State.CHAMPION})
_ALIVE = frozenset(State) - {State.RETIRED}
#: Act -> the states from which it is possible. What else must hold stands in `Standing.blocked`.
TRANSITIONS: Mapping[Act, frozenset[State]] = {
    Act.DECLARE: _ALIVE,
    Act.EVALUATE: _ALIVE,
    Act.APPROVE: frozenset({State.EVALUATED, State.APPROVED}) | _SERVING,
    Act.SHADOW: frozenset({State.APPROVED}),
    Act.CANARY: frozenset({State.APPROVED, State.SHADOW, State.CANARY}),
    Act.PROMOTE: frozenset({State.APPROVED, State.SHADOW, State.CANARY}),
    Act.RETIRE: _ALIVE - {State.CHAMPION},
}

#: Fact -> what a person calls it. A policy may ask for others too.
FACTS: Mapping[str, str] = {
    "legal_basis": "legal basis",
    "purpose": "purpose",
    "data_protection_assessment": "reference of the data-protection assessment",
    "mdr_class": "class under the medical device regulation (MDR)",
    "ai_act_class": "class under the AI Act",
    "intended_use": "intended use",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a version stands, and what keeps it from going on."""

    name: str
    version: int
    #: Of the signed manifest; None when the version was refused before it had one.
    digest: str | None
    state: State
    #: Of the statement that brought it into this state.
    since: datetime
    #: MLflow's user name; None: unknown.
    registered_by: str | None
    run_id: str | None
    #: The newest `evaluated`, whatever came of it.
    evaluated: Statement | None
    #: The newest `refused`, also where something later overrides it.
    refused: Statement | None
    #: The newest `declared`.
    declaration: Statement | None
    #: Those that count now, one a person.
    approvals: tuple[Approval, ...]
    #: Why it cannot be deployed now, sentences for a person; empty: it can.
    blocked: tuple[str, ...]
    #: What a person should know though it keeps nothing from happening: which approvals do not count and why, a
    #: champion that serves on under an older policy.
    notes: tuple[str, ...] = ()
    #: The policy in force by which it is judged; None while it has not been evaluated.
    rules: Rules | None = None
    #: Where it serves now.
    slots: Mapping[Slot, Deployment] = field(default_factory=dict)

    def __str__(self) -> str:
        """`mammography-triage version 3`."""
        return f"{self.name} version {self.version}"

    @property
    def evidence(self) -> Evidence | None:
        """What a new approval is bound to; None while something of it is missing."""
        return _evidence(self.digest, self.evaluated, self.declaration)

    def admit(self, act: Act) -> None:
        """Return when the state admits `act`; TransitionError says which states do, and what blocks."""
        if self.state not in TRANSITIONS[act]:
            admitting = " or ".join(sorted(TRANSITIONS[act]))
            why = "".join(f"\n- {reason}" for reason in self.blocked)
            raise TransitionError(f"{self} is {self.state}; to {act} it must be {admitting}.{why}")

    def check_evidence(self) -> None:
        """Return when nothing blocks a deployment; TransitionError names all that does."""
        if self.blocked:
            raise TransitionError(f"{self} cannot serve:\n- " + "\n- ".join(self.blocked))


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A workload is in its safe state."""

    reason: str
    by: str
    since: datetime


def standing(statements: Sequence[Statement], name: str, version: int, now: datetime) -> Standing:
    """Where a version stands at `now`; statements made later do not count.

    Args:
        statements: at least all about this version, all `adopted` and all `appointed`, in the ledger's order;
            and all `deployed` and `cleared` of the model.
        name: registered name.
        version: MLflow's version number.
        now: aware, UTC.

    Raises:
        VersionUnknownError: nothing was stated about it.
        BrokenSequenceError: the deployments have a gap.
    """
    until = [statement for statement in statements if statement.made_at <= now]
    told = _Told.about(until, name, version)
    slots = {slot: each for (model, slot), each in current(until).items() if (model, each.version) == (name, version)}
    rules = _rules(until, told.evaluated)
    weighed = weigh([*told.all, *_appointed(until)], told.evidence, told.registered_by, now=now)
    blocked = tuple(_blocks(told, rules, weighed))
    return Standing(
        name=name,
        version=version,
        digest=told.digest,
        state=_state(told, slots, blocked, rules),
        since=_since(told, slots, weighed),
        registered_by=told.registered_by,
        run_id=told.registered.facts["run_id"] if told.registered else None,
        evaluated=told.evaluated,
        refused=told.refused,
        declaration=told.declared,
        approvals=weighed.counted,
        blocked=blocked,
        notes=(*weighed.void, *_serves_on(slots, blocked)),
        rules=rules,
        slots=slots,
    )


def stopped(statements: Iterable[Statement]) -> Mapping[str, Stop]:
    """Workload -> its stop, of those that are stopped."""
    stops: dict[str, Stop] = {}
    switched = (statement for statement in statements if statement.kind in (Kind.STOPPED, Kind.RESUMED))
    for statement in sorted(switched, key=lambda each: each.made_at):
        workload = statement.subject.removeprefix("workload:")
        stops.pop(workload, None)
        if statement.kind is Kind.STOPPED:
            reason = str(statement.facts["reason"])
            stops[workload] = Stop(reason=reason, by=statement.made_by, since=statement.made_at)
    return stops


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What was stated about one version: of each kind the newest, by the time that is signed in it."""

    all: Sequence[Statement]
    registered: Statement | None
    refused: Statement | None
    evaluated: Statement | None
    declared: Statement | None
    retired: Statement | None

    @classmethod
    def about(cls, statements: Sequence[Statement], name: str, version: int) -> _Told:
        subject = model_subject(name, version)
        about = sorted((each for each in statements if each.subject == subject), key=lambda each: each.made_at)
        if not about:
            raise VersionUnknownError.about(f"{name} version {version}")
        newest = {statement.kind: statement for statement in about}
        kinds = (Kind.REGISTERED, Kind.REFUSED, Kind.EVALUATED, Kind.DECLARED, Kind.RETIRED)
        return cls(all=about, **{str(kind): newest.get(kind) for kind in kinds})

    @property
    def digest(self) -> str | None:
        return self.registered.digest if self.registered else None

    @property
    def registered_by(self) -> str | None:
        return (self.registered.facts["registered_by"] or None) if self.registered else None

    @property
    def evidence(self) -> Evidence | None:
        return _evidence(self.digest, self.evaluated, self.declared)

    @property
    def refusal(self) -> str:
        """Why it is refused; a later registration or evaluation overrides an earlier refusal."""
        if self.refused is None:
            return ""
        later = [each for each in (self.registered, self.evaluated) if each and each.made_at > self.refused.made_at]
        return "" if later else str(self.refused.facts["reason"])


def _evidence(digest: str | None, evaluated: Statement | None, declared: Statement | None) -> Evidence | None:
    if digest is None or evaluated is None or declared is None:
        return None
    return Evidence(digest=digest, report=evaluated.facts["report"], declaration=declared.id)


def _appointed(statements: Iterable[Statement]) -> list[Statement]:
    return [statement for statement in statements if statement.kind is Kind.APPOINTED]


def _rules(statements: Sequence[Statement], evaluated: Statement | None) -> Rules | None:
    """The version in force of the policy by which it was evaluated."""
    if evaluated is None:
        return None
    name = str(evaluated.facts["policy"]).rpartition("/")[0]
    return in_force(statements).get(name)


def _blocks(told: _Told, rules: Rules | None, weighed: Weighed) -> Iterator[str]:
    if told.retired is not None:
        yield f"It was retired: {told.retired.facts['reason']}"
        return
    if told.refusal:
        yield told.refusal
        return
    if told.evaluated is not None and rules is not None and _stopped_by_gate(told.evaluated, rules):
        yield from told.evaluated.facts["reasons"]  # nothing that people could add would change it
        return
    yield from _evaluation_blocks(told, rules)
    if not told.registered_by:
        yield "Nobody knows who registered it, so no approval can count. Log it again with a user name."
    if rules is not None:
        yield from _undeclared(rules, told.declared)
        yield from lacking(rules, weighed.counted)


def _evaluation_blocks(told: _Told, rules: Rules | None) -> Iterator[str]:
    if told.evaluated is None or rules is None:
        yield "It has not been evaluated yet; `samdrift status` says what the evaluator waits for."
        return
    facts = told.evaluated.facts
    if told.evaluated.digest != told.digest:
        yield "The evaluation is of other files."
    if not _current(told.evaluated, rules):
        yield (
            f"It was evaluated by policy {facts['policy']}; {rules} is in force since {rules.since:%Y-%m-%d}. "
            "It is evaluated again by itself."
        )


def _stopped_by_gate(evaluated: Statement, rules: Rules) -> bool:
    return _current(evaluated, rules) and not evaluated.facts["passed"]


def _current(evaluated: Statement, rules: Rules) -> bool:
    return (evaluated.facts["policy"], evaluated.facts["policy_digest"]) == (str(rules), rules.digest)


def _undeclared(rules: Rules, declared: Statement | None) -> Iterator[str]:
    facts = declared.facts if declared else {}
    for name in rules.required_facts:
        if not str(facts.get(name) or "").strip():
            yield f"The {FACTS.get(name, name.replace('_', ' '))} is not declared: declare `{name}`."


def _state(told: _Told, slots: Mapping[Slot, Deployment], blocked: Sequence[str], rules: Rules | None) -> State:
    if told.retired is not None:
        return State.RETIRED
    for slot in (Slot.CHAMPION, Slot.CANARY, Slot.SHADOW):
        if slot in slots:
            return State(slot)
    if told.refusal:
        return State.REFUSED
    if told.evaluated is None or rules is None or not _current(told.evaluated, rules):
        return State.DRAFT
    if _stopped_by_gate(told.evaluated, rules):
        return State.REFUSED
    return State.EVALUATED if blocked else State.APPROVED


def _since(told: _Told, slots: Mapping[Slot, Deployment], weighed: Weighed) -> datetime:
    for slot in (Slot.CHAMPION, Slot.CANARY, Slot.SHADOW):
        if slot in slots and told.retired is None:
            return slots[slot].made_at
    if (ended := told.retired or (told.refused if told.refusal else None)) is not None:
        return ended.made_at
    steps = [each.made_at for each in (told.all[0], told.registered, told.evaluated) if each]
    return max([*steps, *(approval.made_at for approval in weighed.counted)])


def _serves_on(slots: Mapping[Slot, Deployment], blocked: Sequence[str]) -> Iterator[str]:
    for slot, deployment in slots.items():
        if blocked:
            yield (
                f"It serves on as {slot} with the evidence of {deployment.made_at:%Y-%m-%d}. "
                "What blocks it now blocks only a new deployment."
            )
