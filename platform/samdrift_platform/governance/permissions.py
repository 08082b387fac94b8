"""Who may do what. Services act under names that no person can have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from samdrift_platform.question import Deciders
from samdrift_registry.errors import NotAllowedError
from samdrift_registry.people import APPROVING, Person, Role

#: The platform's own processes, as they stand in `made_by`. Nobody is appointed or signs in under such a name.
SERVICES = frozenset({"samdrift", "registry", "evaluator", "watch"})


class Duty(StrEnum):
    """What a person needs a role for."""

    DECLARE = "declare facts about a version"
    DEPLOY = "deploy a version"
    ROLL_BACK = "roll back"
    RETIRE = "retire a version"
    RESUME = "let a workload work with its models again"
    SETTLE = "settle an alarm"
    DECIDE = "decide about an item"
    APPOINT = "give people their roles"
    ADOPT = "put a policy in force"


#: Duty -> the roles of which a person needs one. Approving is not here: it is done in one role, by the approver's own.
ROLES: Mapping[Duty, frozenset[Role]] = {
    Duty.DECLARE: APPROVING | {Role.DATA_SCIENTIST, Role.OPERATOR},
    Duty.DEPLOY: frozenset({Role.OPERATOR, Role.TECHNICAL}),
    Duty.ROLL_BACK: APPROVING | {Role.OPERATOR},
    Duty.RETIRE: APPROVING | {Role.OPERATOR},
    Duty.RESUME: frozenset({Role.OPERATOR}),
    Duty.SETTLE: APPROVING | {Role.OPERATOR},
    Duty.DECIDE: frozenset({Role.CASE_WORKER, Role.CLINICAL, Role.DOMAIN, Role.OPERATOR}),
    Duty.APPOINT: frozenset({Role.OPERATOR}),
    Duty.ADOPT: frozenset({Role.OPERATOR}),
}


def check(people: Mapping[str, Person], actor: str, duty: Duty) -> None:
    """Return when `actor` has a role for `duty`; NotAllowedError names the roles that have it."""
    check_person(actor)
    if not ROLES[duty] & roles_of(people, actor):
        raise NotAllowedError(f"{actor} may not {duty}: it takes the role {_either(ROLES[duty])}.")


def check_person(actor: str) -> None:
    """Return unless `actor` is a name under which only the platform itself acts."""
    if not actor.strip() or actor.strip().casefold() in SERVICES:
        raise NotAllowedError(f"{actor!r} is a name of the platform itself; a person must do that.")


def check_decider(person: Person, deciders: Deciders) -> None:
    """Return when `person` is one of those who may decide; NotAllowedError says who is."""
    if not deciders.include(person.roles, person.units):
        raise NotAllowedError(f"{person.subject} may not decide this: it takes {who_decides(deciders)}.")


def who_decides(deciders: Deciders) -> str:
    """`the role domain in the unit finance`."""
    roles = f"the role {' or '.join(deciders.roles)}" if deciders.roles else ""
    units = f"the unit {' or '.join(deciders.units)}" if deciders.units else ""
    return " in ".join(each for each in (roles, units) if each) or f"the role {_either(ROLES[Duty.DECIDE])}"


def roles_of(people: Mapping[str, Person], actor: str) -> frozenset[Role]:
    """The roles of `actor`; none for somebody who was never appointed."""
    return people.get(actor, Person(subject=actor)).roles


def _either(roles: frozenset[Role]) -> str:
    return " or ".join(sorted(roles))
