"""What is entered in the register about one decided application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import NotFoundError, ReceiverRefusedError
from samdrift_rpa.driving_licence.application import (
    Application,
    Category,
    Kind,
    UnreadableApplicationError,
    read_application,
)
from samdrift_rpa.driving_licence.photo import media_type_of
from samdrift_rpa.web.field import File


class Decided(StrEnum):
    """What a person decided."""

    #: The licence is issued.
    ISSUE = "issue"
    #: Færdselsstyrelsen decides.
    FORWARD = "forward"
    #: The application is refused.
    REFUSE = "refuse"


class Ground(StrEnum):
    """Why an application is refused."""

    #: The applicant is too young.
    AGE = "age"
    #: Something about the doctor's certificate.
    CERTIFICATE = "certificate"
    #: The photo cannot be used.
    PHOTO = "photo"
    #: Something else; the letter says what.
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, repr=False)
class Entry:
    """One decided application, with everything that the register asks for. Personal data: it stays in memory."""

    cpr: str
    name: str
    category: Category
    kind: Kind
    #: None where the category needs no certificate.
    certificate_issued_on: date | None
    certificate_remarks: bool
    photo: File
    decision: Decided
    ground: Ground | None
    decided_by: str


def entry_of(request: JsonObject, store: Store) -> Entry:
    """What an effect's request asks to be entered, read from the objects that it names.

    Raises:
        ReceiverRefusedError: an object is gone, or is no complete application.
    """
    try:
        application = read_application(store.get(str(request["document"])))
        photo = store.get(str(application.photo))
    except (NotFoundError, UnreadableApplicationError) as error:
        raise ReceiverRefusedError(f"It cannot be entered: {error.message}") from error
    person, category, certificate = application.person, application.category, application.doctors_certificate
    if not person.cpr or not person.name or category is None:
        raise ReceiverRefusedError("It cannot be entered: the application is not complete.")
    people = request["decided_by"]
    return Entry(
        cpr=person.cpr,
        name=" ".join(person.name.split()),
        category=category,
        kind=application.kind,
        certificate_issued_on=certificate.issued_on if certificate else None,
        certificate_remarks=bool(certificate and certificate.remarks),
        photo=_file(application, photo),
        decision=Decided(str(request["decision"])),
        ground=Ground(str(request["ground"])) if request.get("ground") else None,
        decided_by=str(people[0]) if isinstance(people, list) and people else "",
    )


def _file(application: Application, content: bytes) -> File:
    media_type = media_type_of(content) or "application/octet-stream"
    ending = {"image/jpeg": "jpg", "image/png": "png"}.get(media_type, "bin")
    return File(name=f"{application.application_number}.{ending}", media_type=media_type, content=content)
