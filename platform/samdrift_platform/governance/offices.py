"""People, policies, the kill switch and alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.governance.alarms import alarms_in
from samdrift_platform.governance.journal import Turn
from samdrift_platform.governance.permissions import Duty, check, check_person, roles_of
from samdrift_platform.governance.policies import keep_policy, rules_of
from samdrift_platform.governance.reasons import reason_of
from samdrift_registry.errors import NotAllowedError, TransitionError
from samdrift_registry.lifecycle import stopped
from samdrift_registry.people import APPROVING, Role, person_subject
from samdrift_registry.rules import in_force, policy_subject
from samdrift_registry.statements import Kind, Statement

#: Who is appointed at a first start: the subject of the sign-in links that `samdrift up` prints.
FIRST_OPERATOR = "operator"


def appoint(
    turn: Turn, person: str, roles: Iterable[Role], known_as: Iterable[str], *, units: Iterable[str] = (), by: str
) -> Statement:
    """Give a person exactly these roles. Nobody gives themself one in which versions are approved."""
    check(turn.people, by, Duty.APPOINT)
    check_person(person)
    wanted = frozenset(roles)
    new = wanted - roles_of(turn.people, person)
    if turn.people[by].is_called(person) and new & APPROVING:
        raise NotAllowedError("Nobody gives themself a role in which versions are approved. Another operator must.")
    return _appoint(turn, person, wanted, known_as, units=units, by=by)


def appoint_first_operator(turn: Turn) -> None:
    """While there is no operator, nobody could appoint one."""
    if not any(Role.OPERATOR in person.roles for person in turn.people.values()):
        _appoint(turn, FIRST_OPERATOR, {Role.OPERATOR}, (), by="samdrift")


def adopt(turn: Turn, home: Path, text: bytes, *, by: str) -> Statement:
    """Put a policy in force, in place of earlier versions of that name."""
    check(turn.people, by, Duty.ADOPT)
    return _adopt(turn, home, text, by=by)


def adopt_shipped(turn: Turn, home: Path, text: bytes) -> None:
    """Put a policy that came with a workload in force, unless one of its name is."""
    if rules_of(text, since=turn.moment).name not in in_force(turn.statements):
        _adopt(turn, home, text, by="samdrift")


def stop(turn: Turn, workload: str, reason: str, *, by: str) -> Statement:
    """Put a workload in its safe state: anyone may."""
    subject = f"workload:{workload}"
    if workload in stopped(turn.statements) and (there := turn.newest(Kind.STOPPED, subject)) is not None:
        return there
    return turn.keep(Kind.STOPPED, subject, {"reason": reason_of(reason)}, by=by)


def resume(turn: Turn, workload: str, reason: str, *, by: str) -> Statement:
    """Let a workload work with its models again."""
    check(turn.people, by, Duty.RESUME)
    if workload not in stopped(turn.statements):
        raise TransitionError(f"{workload} is not stopped.")
    return turn.keep(Kind.RESUMED, f"workload:{workload}", {"reason": reason_of(reason)}, by=by)


def alarm(turn: Turn, subject: str, code: str, reason: str, figures: Mapping[str, Any], *, by: str) -> Statement:
    """Raise an alarm, unless the same one is open."""
    facts = {"code": code, "reason": reason, "figures": dict(figures)}
    for each in alarms_in(turn.statements):
        same = (each.subject, each.code, each.reason, each.figures) == (subject, code, reason, figures)
        if same and each.settled is None:
            return turn.statement(each.id)
    return turn.keep(Kind.ALARM, subject, facts, by=by)


def settle(turn: Turn, alarm_id: str, decision: str, reason: str, *, by: str) -> Statement:
    """Say what was found when looking at an alarm."""
    check(turn.people, by, Duty.SETTLE)
    found = next((each for each in alarms_in(turn.statements) if each.id == alarm_id), None)
    if found is None:
        raise NotFoundError(f"There is no alarm {alarm_id}.")
    if found.settled is not None:
        raise TransitionError(f"{found.settled.made_by} has settled this alarm before.")
    facts = {"statement": alarm_id, "decision": decision, "reason": reason_of(reason)}
    return turn.keep(Kind.SETTLED, found.subject, facts, by=by)


def _appoint(
    turn: Turn, person: str, roles: Iterable[Role], known_as: Iterable[str], *, units: Iterable[str] = (), by: str
) -> Statement:
    facts = {"roles": sorted(roles), "known_as": _names(known_as)}
    if named := _names(units):
        facts["units"] = named
    there = turn.newest(Kind.APPOINTED, person_subject(person))
    if there is not None and there.facts == facts:
        return there
    return turn.keep(Kind.APPOINTED, person_subject(person), facts, by=by)


def _names(given: Iterable[str]) -> list[str]:
    return sorted({name.strip() for name in given if name.strip()})


def _adopt(turn: Turn, home: Path, text: bytes, *, by: str) -> Statement:
    rules = rules_of(text, since=turn.moment)
    before = in_force(turn.statements).get(rules.name)
    if before is not None:
        there = turn.newest(Kind.ADOPTED, policy_subject(before.name, before.version))
        if there is not None and before.digest == rules.digest:
            return there
        if rules.version <= before.version:
            raise ConflictError(f"{before} is in force. Give the new policy a higher version than {before.version}.")
    keep_policy(home, text, rules.digest)
    subject = policy_subject(rules.name, rules.version)
    return turn.keep(Kind.ADOPTED, subject, rules.facts(), by=by, digest=rules.digest)
