"""Who may do what: a fold over the statements `appointed`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from samdrift_registry.statements import Kind, Statement


class Role(StrEnum):
    """What a person answers for."""

    #: Trains models and registers them.
    DATA_SCIENTIST = "data_scientist"
    #: Approves: knows the patients and the reading.
    CLINICAL = "clinical"
    #: Approves: knows the field where it is not a clinic (buildings, administration).
    DOMAIN = "domain"
    #: Approves: knows the model and how it was measured.
    TECHNICAL = "technical"
    #: Decides about items that wait for a person.
    CASE_WORKER = "case_worker"
    #: Runs the installation, appoints people, adopts policies.
    OPERATOR = "operator"
    #: Reads everything, changes nothing.
    AUDITOR = "auditor"


#: Roles in which a version can be approved.
APPROVING = frozenset({Role.CLINICAL, Role.DOMAIN, Role.TECHNICAL})


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who signs in, and the names under which MLflow knows them."""

    #: Sign-in subject.
    subject: str
    roles: frozenset[Role] = frozenset()
    #: MLflow user names: what stands as `registered_by`.
    known_as: frozenset[str] = frozenset()
    #: Names of the units or groups that they decide for.
    units: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All names of this person, folded for comparison: `Anna` and `anna` are one."""
        return frozenset(name.strip().casefold() for name in (self.subject, *self.known_as))

    def is_called(self, name: str) -> bool:
        """Whether `name` is one of this person's, whatever its case."""
        return name.strip().casefold() in self.names


def people(statements: Iterable[Statement]) -> Mapping[str, Person]:
    """Sign-in subject -> the person, by the newest appointment."""
    appointments = (statement for statement in statements if statement.kind is Kind.APPOINTED)
    return {(person := _person(each)).subject: person for each in sorted(appointments, key=lambda s: s.made_at)}


def person_subject(name: str) -> str:
    """`person:NAME`."""
    return f"person:{name}"


def _person(statement: Statement) -> Person:
    return Person(
        subject=statement.subject.removeprefix("person:"),
        roles=frozenset(Role(role) for role in statement.facts["roles"]),
        known_as=frozenset(statement.facts["known_as"]),
        units=frozenset(statement.facts.get("units", ())),
    )
