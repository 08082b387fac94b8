"""What people say about a version before it may serve: declared facts, approvals, and approvals taken back."""

from __future__ import annotations

from collections.abc import Mapping

from samdrift_platform.governance.journal import Turn
from samdrift_platform.governance.permissions import Duty, check, check_person, roles_of
from samdrift_platform.governance.reasons import reason_of
from samdrift_registry.approvals import Evidence, self_approval
from samdrift_registry.errors import NotAllowedError, TransitionError
from samdrift_registry.lifecycle import Act, Standing
from samdrift_registry.people import APPROVING, Person, Role
from samdrift_registry.rules import Rules
from samdrift_registry.statements import Kind, Statement, model_subject


def declare(turn: Turn, name: str, version: int, facts: Mapping[str, str], *, by: str) -> Statement:
    """State facts; those that are not named stay as they were, empty ones go."""
    check(turn.people, by, Duty.DECLARE)
    stands = turn.registered(name, version)
    stands.admit(Act.DECLARE)
    before = stands.declaration.facts if stands.declaration else {}
    stated = plain({**before, **facts})
    if stands.declaration is not None and stated == before:
        return stands.declaration
    return turn.keep(Kind.DECLARED, model_subject(name, version), stated, by=by, digest=stands.digest)


def approve(turn: Turn, name: str, version: int, role: Role, evidence: Evidence, note: str, *, by: str) -> Statement:
    """Approve in `role` what was looked at."""
    stands = turn.registered(name, version)
    _check_approver(turn.people, by, role, stands)
    stands.admit(Act.APPROVE)
    rules = _rules(stands)
    _check_declared(stands, rules)
    _check_seen(stands, evidence)
    for approval in stands.approvals:
        if (approval.person, approval.role) == (by, role):
            return turn.statement(approval.id)
    facts = {
        "report": evidence.report,
        "declaration": evidence.declaration,
        "role": role,
        "expires_at": (turn.moment + rules.valid).isoformat(),
        "note": note.strip(),
    }
    return turn.keep(Kind.APPROVED, model_subject(name, version), facts, by=by, digest=evidence.digest)


def withdraw(turn: Turn, name: str, version: int, reason: str, *, by: str) -> Statement:
    """Take back one's own approval."""
    check_person(by)
    stands = turn.standing(name, version)
    own = next((approval for approval in stands.approvals if approval.person == by), None)
    if own is None:
        raise TransitionError(f"{by} has given no approval of {stands} that counts.")
    facts = {"statement": own.id, "reason": reason_of(reason)}
    return turn.keep(Kind.WITHDRAWN, model_subject(name, version), facts, by=by, digest=stands.digest)


def plain(facts: Mapping[str, str]) -> dict[str, str]:
    """The facts that say something."""
    return {name: value.strip() for name, value in facts.items() if value.strip()}


def _check_approver(people: Mapping[str, Person], actor: str, role: Role, stands: Standing) -> None:
    check_person(actor)
    if role not in APPROVING:
        raise NotAllowedError(f"Nobody approves as {role}: it takes {', '.join(sorted(APPROVING))}.")
    if role not in roles_of(people, actor):
        raise NotAllowedError(f"{actor} does not have the role {role}, so cannot approve in it.")
    if why := self_approval(people[actor], stands.registered_by):
        raise NotAllowedError(f"{actor} may not approve {stands}: {why}.")


def _rules(stands: Standing) -> Rules:
    if stands.rules is None:
        raise TransitionError(f"{stands} has not been evaluated yet.")
    return stands.rules


def _check_declared(stands: Standing, rules: Rules) -> None:
    """An approval is bound to what is declared, so one that is given too early would be void soon."""
    facts = stands.declaration.facts if stands.declaration else {}
    if missing := [name for name in rules.required_facts if not facts.get(name)]:
        raise TransitionError(f"Before anyone approves {stands}, these must be declared: {', '.join(missing)}.")


def _check_seen(stands: Standing, seen: Evidence) -> None:
    now = stands.evidence
    if now is None:
        raise TransitionError(f"There is nothing to approve of {stands} yet: it must be evaluated and declared.")
    for part in ("digest", "report", "declaration"):
        theirs, ours = getattr(seen, part), getattr(now, part)
        if theirs != ours:
            raise TransitionError(f"You approved {stands} with the {part} {theirs}; now it is {ours}. Look again.")
