"""Approvals: what they are bound to, which of them count, and what a policy asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from samdrift_registry.people import APPROVING, Person, Role, people
from samdrift_registry.rules import Rules
from samdrift_registry.statements import Kind, Statement


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an approval is bound to: these files, this report, this declaration, and no other."""

    #: Of the signed manifest.
    digest: str
    #: Of the report's JSON.
    report: str
    #: Id of the statement `declared`.
    declaration: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's approval."""

    person: str
    role: Role
    #: Digest of the report that was read.
    report: str
    #: Id of the statement `declared` that was read.
    declaration: str
    made_at: datetime
    expires_at: datetime
    #: Id of the statement `approved`.
    id: str
    #: What the person wrote beside it; may be empty.
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """The approvals of a version at one moment: those that count, and why the others do not."""

    counted: tuple[Approval, ...]
    #: Sentences for a person.
    void: tuple[str, ...]


def weigh(
    statements: Sequence[Statement], evidence: Evidence | None, registered_by: str | None, *, now: datetime
) -> Weighed:
    """Which approvals count.

    Args:
        statements: about the version, and all `appointed`; none made after `now`.
        evidence: what there is to approve now; None: nothing yet, so nothing counts.
        registered_by: MLflow's user name of who registered it; approvals of an unknown person's version do not count.
        now: approvals that have expired then do not count.
    """
    known = people(statements)
    counted: list[Approval] = []
    void: list[tuple[str, str]] = []
    # The newest first: a person who has approved again is counted by that.
    for statement in sorted(_of(statements, Kind.APPROVED), key=lambda each: each.made_at, reverse=True):
        approval, person = _approval(statement), _person(known, statement.made_by)
        fault = (
            _withdrawn(statements, statement)
            or _unbound(statement, evidence)
            or _unfit(statements, approval, person, registered_by)
            or _late(approval, now)
        )
        if fault:
            void.append((approval.person, fault))
        elif not any(person.names & _person(known, other.person).names for other in counted):
            counted.append(approval)
    again = {approval.person for approval in counted}
    told = [f"The approval by {who} does not count: {why}." for who, why in reversed(void) if who not in again]
    return Weighed(counted=tuple(reversed(counted)), void=tuple(told))


def self_approval(person: Person, registered_by: str | None) -> str:
    """Why `person` may not approve what `registered_by` registered, as half a sentence; empty: they may."""
    if not registered_by:
        return "nobody knows who registered the version, so it might be their own; log it again under a name"
    if person.is_called(registered_by):
        return f"they registered the version themselves (as {registered_by})"
    return ""


def lacking(rules: Rules, approvals: Sequence[Approval]) -> Iterator[str]:
    """What `rules` ask for and `approvals` do not give, sentences for a person."""
    if (more := rules.people - len(approvals)) > 0:
        whom = "1 more person" if more == 1 else f"{more} more people"
        yield f"{len(approvals)} of {rules.people} people have approved: {whom} must, not the one who registered it."
    given = {approval.role for approval in approvals}
    for alternatives in rules.roles:
        if not alternatives & given:
            yield f"Nobody has approved as {' or '.join(sorted(alternatives))}: somebody with that role must."


def _of(statements: Iterable[Statement], kind: Kind) -> Iterator[Statement]:
    return (statement for statement in statements if statement.kind is kind)


def _approval(statement: Statement) -> Approval:
    facts = statement.facts
    return Approval(
        person=statement.made_by,
        role=Role(facts["role"]),
        report=facts["report"],
        declaration=facts["declaration"],
        made_at=statement.made_at,
        expires_at=datetime.fromisoformat(facts["expires_at"]),
        id=statement.id,
        note=str(facts.get("note", "")),
    )


def _person(known: Mapping[str, Person], subject: str) -> Person:
    return known.get(subject, Person(subject=subject))


def _withdrawn(statements: Iterable[Statement], approved: Statement) -> str:
    """An approval is withdrawn by who gave it, and by nobody else."""
    for statement in _of(statements, Kind.WITHDRAWN):
        if (statement.facts["statement"], statement.made_by) == (approved.id, approved.made_by):
            return f"withdrawn on {statement.made_at:%Y-%m-%d} ({statement.facts['reason']})"
    return ""


def _unbound(approved: Statement, evidence: Evidence | None) -> str:
    if evidence is None:
        return "there is nothing to approve yet"
    if approved.digest != evidence.digest:
        return "it is for other files"
    if approved.facts["report"] != evidence.report:
        return "a newer report has come since; it must be read and approved"
    if approved.facts["declaration"] != evidence.declaration:
        return "the declared facts have changed since; they must be read and approved"
    return ""


def _unfit(statements: Sequence[Statement], approval: Approval, person: Person, registered_by: str | None) -> str:
    then = people(statement for statement in statements if statement.made_at <= approval.made_at)
    if approval.role not in APPROVING & _person(then, approval.person).roles:
        return f"they did not have the role {approval.role}"
    return self_approval(person, registered_by)


def _late(approval: Approval, now: datetime) -> str:
    return f"it expired on {approval.expires_at:%Y-%m-%d}; approve again" if approval.expires_at <= now else ""
