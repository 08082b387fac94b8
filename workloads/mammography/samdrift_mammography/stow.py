"""DICOMweb: the Store transaction (STOW-RS, PS3.18 section 10.5), below `/mammography/dicom-web`.

Each part of the message goes to the desk when it is complete, so a message may be larger than the memory. An instance
is told to be stored when it is durable and belongs to an exam. What the desk keeps aside is a failure to the sender,
with its reason: nobody should believe that it will be read as an exam.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from samdrift_mammography.errors import MalformedBodyError, NoSuchAnswerError
from samdrift_mammography.intake.multipart import DICOM, Part, Parts, boundary_of, media_type
from samdrift_mammography.intake.receiving import CONFLICTING_COPIES, Desk, Receipt
from samdrift_mammography.intake.store_response import FailureReason, Identity, Stored, response_of, status_of
from samdrift_platform.control.access import SignedIn, User
from samdrift_platform.control.dependencies import TheLedger, TheStore
from samdrift_platform.errors import BodyTooLargeError, UnavailableError

DICOM_JSON = "application/dicom+json"
#: Instances of one message: empty parts cost a sender nothing, and us a transaction each.
MOST_INSTANCES = 10_000
_ANSWERS = frozenset({DICOM_JSON, "application/json", "application/*", "*/*"})
#: Codes of the desk that are not simply "cannot understand".
_FAILURES = {
    CONFLICTING_COPIES: FailureReason.DUPLICATE_SOP_INSTANCE,
    "not-a-mammogram": FailureReason.SOP_CLASS_NOT_SUPPORTED,
}

#: In addresses. A UID has dots (PS3.5 section 9.1), so no civil registration number passes for one.
UID_PATTERN = r"^[0-9]+(\.[0-9]+)+$"

Study = Annotated[str, Path(max_length=64, pattern=UID_PATTERN, description="Study Instance UID.")]


def router() -> APIRouter:
    """The Store transaction with and without a study in its address."""
    web = APIRouter(prefix="/dicom-web", include_in_schema=False)
    web.add_api_route("/studies", store, methods=["POST"])
    web.add_api_route("/studies/{study}", store_of_study, methods=["POST"])
    return web


async def store(request: Request, user: SignedIn, ledger: TheLedger, objects: TheStore) -> Response:
    """Store instances of any study."""
    return await _store(request, user, Desk(ledger=ledger, store=objects), study=None)


async def store_of_study(
    request: Request, study: Study, user: SignedIn, ledger: TheLedger, objects: TheStore
) -> Response:
    """Store instances of one study; those of another are refused."""
    return await _store(request, user, Desk(ledger=ledger, store=objects), study=study)


async def _store(request: Request, user: User, desk: Desk, *, study: str | None) -> Response:
    _check_accept(request.headers.get("accept", "*/*"))
    parts = Parts(boundary=boundary_of(request.headers.get("content-type", "")))
    counter = Counter(desk=desk, source=source_of(user), study=study)
    async for chunk in request.stream():
        for part in parts.write(chunk):
            await run_in_threadpool(counter.take, part)
    parts.end()
    stored = counter.stored()
    return JSONResponse(response_of(stored), status_of(stored), media_type=DICOM_JSON)


def source_of(user: User) -> str:
    """Where images come from that `user` sends, as it stands with them."""
    return f"stow:{user.subject}"[:80]


class Counter:
    """Takes the parts of one message to the desk and remembers what became of each."""

    def __init__(self, *, desk: Desk, source: str, study: str | None) -> None:
        """Take instances of `study` alone, or of every study."""
        self._desk, self._source, self._study = desk, source, study
        self._stored: list[Stored] = []
        self._unavailable: UnavailableError | None = None

    def take(self, part: Part) -> None:
        """Keep the instance durably, or note why not.

        Raises:
            BodyTooLargeError: the message holds too many.
        """
        if len(self._stored) == MOST_INSTANCES:
            raise BodyTooLargeError(
                f"The message holds more than {MOST_INSTANCES} instances. Those before are stored; send the rest in "
                "messages of their own."
            )
        identity = Identity.of(part.data)
        self._stored.append(Stored(identity=identity, failure=self._failure(part, identity)))

    def stored(self) -> list[Stored]:
        """Every instance of the message.

        Raises:
            MalformedBodyError: there was none.
            UnavailableError: none could be kept, and not because of what it is: the sender tries again.
        """
        if not self._stored:
            raise MalformedBodyError("The body holds no part. Send at least one DICOM file.")
        if self._unavailable is not None and status_of(self._stored) == 409:
            raise self._unavailable
        return self._stored

    def _failure(self, part: Part, identity: Identity) -> FailureReason | None:
        if part.media_type not in {DICOM, ""}:
            return FailureReason.CANNOT_UNDERSTAND
        if self._study is not None and identity.study_instance_uid not in {self._study, ""}:
            return FailureReason.PROCESSING_FAILURE
        try:
            received = self._desk.receive(part.data, source=self._source, now=datetime.now(UTC))
        except UnavailableError as error:
            self._unavailable = error
            return FailureReason.OUT_OF_RESOURCES
        if received.receipt is not Receipt.QUARANTINED:
            return None
        return _FAILURES.get(received.code, FailureReason.CANNOT_UNDERSTAND)


def _check_accept(accept: str) -> None:
    """An answer in the DICOM JSON model must be welcome (RFC 9110 section 12.5.1)."""
    ranges = [media_type(one) for one in accept.split(",")]
    if not any(name in _ANSWERS and parameters.get("q") not in {"0", "0.0"} for name, parameters in ranges):
        raise NoSuchAnswerError
