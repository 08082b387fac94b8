"""People: who has which roles, and under which names MLflow knows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.acts import refusing
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheGovernance
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.question import UNIT
from samdrift_registry.people import Person, Role

router = APIRouter(tags=["people"])

#: A sign-in subject or MLflow user name.
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[\w.@+-]+$")]


#: A unit or group that decides.
Unit = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=f"^{UNIT.pattern}$")]


class PersonAnswer(Answer):
    """Somebody who signs in."""

    model_config = example(subject="karen", roles=["domain"], known_as=["kn"], units=["finance"])

    #: Sign-in subject.
    subject: str
    roles: list[Role]
    #: MLflow user names: nobody approves a version that was registered under one of their own.
    known_as: list[str]
    #: Units or groups that they decide for.
    units: list[str]

    @classmethod
    def of(cls, person: Person) -> PersonAnswer:
        """From the fold over all appointments."""
        named = {"known_as": sorted(person.known_as), "units": sorted(person.units)}
        return cls(subject=person.subject, roles=sorted(person.roles), **named)


class PersonList(Answer):
    """Everybody who was appointed."""

    people: list[PersonAnswer]


class AppointmentBody(JsonBody):
    """Exactly these roles and units; earlier ones that are not named go."""

    roles: Annotated[list[Role], Field(max_length=len(Role))]
    known_as: Annotated[list[Name], Field(max_length=20, default_factory=list)]
    units: Annotated[list[Unit], Field(max_length=50, default_factory=list)]


@router.get("/people")
def list_people(governance: TheGovernance) -> PersonList:
    """Everybody who was appointed, by name."""
    people = governance.people()
    return PersonList(people=[PersonAnswer.of(people[subject]) for subject in sorted(people)])


@router.put("/people/{subject}", openapi_extra=AppointmentBody.described({"roles": ["clinical"], "known_as": ["kn"]}))
def appoint(subject: Annotated[Name, Path()], body: Body, user: SignedIn, governance: TheGovernance) -> PersonAnswer:
    """Give somebody exactly these roles. Nobody gives themself one in which versions are approved."""
    sent = AppointmentBody.read(body)
    with refusing():
        named = {"known_as": sent.known_as, "units": sent.units}
        governance.appoint(subject, sent.roles, **named, actor=user.subject, now=datetime.now(UTC))
    return PersonAnswer.of(governance.people()[subject])
