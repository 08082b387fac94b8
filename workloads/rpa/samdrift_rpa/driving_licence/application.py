"""An application for a driving licence as it came in: one JSON document, with photo and certificate beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from samdrift_platform.cpr import find
from samdrift_platform.errors import SamdriftError
from samdrift_rpa.object_reference import ObjectReference


class Category(StrEnum):
    """Kørekortbekendtgørelsen §§ 7-24 and directive 2006/126/EC art. 4; LK and TR/MR are national."""

    #: Lille knallert.
    LK = "LK"
    #: Stor knallert.
    AM = "AM"
    #: Lille motorcykel.
    A1 = "A1"
    #: Mellem motorcykel.
    A2 = "A2"
    #: Stor motorcykel.
    A = "A"
    #: Personbil og varebil.
    B = "B"
    #: The same with a large trailer.
    BE = "BE"
    #: Lille lastbil.
    C1 = "C1"
    #: The same with a large trailer.
    C1E = "C1E"
    #: Lastbil.
    C = "C"
    #: The same with a large trailer.
    CE = "CE"
    #: Lille bus.
    D1 = "D1"
    #: The same with a large trailer.
    D1E = "D1E"
    #: Bus.
    D = "D"
    #: The same with a large trailer.
    DE = "DE"
    #: Traktor og motorredskab.
    TRACTOR = "TR/MR"


class Kind(StrEnum):
    """What is applied for."""

    #: The first licence.
    FIRST = "first"
    #: The same categories for another period.
    RENEWAL = "renewal"
    #: A category more.
    EXTENSION = "extension"


class Person(BaseModel):
    """Who applies."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cpr: str | None = Field(default=None, repr=False)
    name: str | None = Field(default=None, repr=False, max_length=200)


class DoctorsCertificate(BaseModel):
    """Lægeattest, kørekortbekendtgørelsen § 3, stk. 4, and § 32; digital since 1 July 2025."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    issued_on: date | None = None
    #: Whether the doctor made remarks.
    remarks: bool | None = None
    document: ObjectReference | None = None


def _names_nobody(number: str) -> str:
    """The number becomes the item's reference, so it must not be a person's."""
    if find(number):
        raise ValueError("it could be a CPR number")
    return number


class HeldCategory(BaseModel):
    """A category that the applicant already has."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    category: Category
    since: date


class Application(BaseModel):
    """What the intake stored. What may be missing, because people forget it, may be missing here too."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    #: The intake's own number; it names no person.
    application_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$"), AfterValidator(_names_nobody)]
    received_on: date
    kind: Kind = Kind.FIRST
    category: Category | None = None
    person: Person = Person()
    photo: ObjectReference | None = None
    doctors_certificate: DoctorsCertificate | None = None
    held: Sequence[HeldCategory] = ()
    #: Has said that somebody accompanies until the age of 18 (category B).
    accompanied: bool = False


class UnreadableApplicationError(SamdriftError):
    """The stored document is not an application for a driving licence."""

    def __init__(self, fields: Sequence[str]) -> None:
        """`fields` are those to look at; nothing of what stood in them is repeated."""
        super().__init__(f"This is not an application for a driving licence; look at {', '.join(fields)}.")
        self.fields = fields


def read_application(content: bytes) -> Application:
    """The application in a stored JSON document.

    Raises:
        UnreadableApplicationError: it is none.
    """
    try:
        return Application.model_validate_json(content)
    except ValidationError as error:
        where = sorted({".".join(str(part) for part in each["loc"]) or "the document" for each in error.errors()})
        known = [each for each in where if each.split(".")[0] in {*Application.model_fields, "the document"}]
        raise UnreadableApplicationError(known or ["its fields"]) from None
