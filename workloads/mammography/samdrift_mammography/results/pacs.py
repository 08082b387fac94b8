"""The PACS as the receiver of results: sent, then asked for. What it says it stored counts when it can show it.

A PACS may answer "success" and store nothing, or store and answer "failure" (docs/decisions/0020), so its word about a
request is only a reason to ask. Identifiers are the same on every attempt: sending again stores nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from samdrift_mammography import settings
from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs_address import DimseAddress, address_of
from samdrift_mammography.results.tls import Trust
from samdrift_mammography.results.web_credentials import WebAccess
from samdrift_platform.contract import JsonObject, Receiver, Store
from samdrift_platform.errors import (
    CannotTellError,
    NotFoundError,
    ReceiverRefusedError,
    SettingError,
    TryAgainError,
    UnavailableError,
)


class Pacs(Protocol):
    """An archive of DICOM instances. Calls end within 15 s."""

    def store(self, data: bytes, instance: Instance) -> None:
        """Hand the file `data` over; returns when the archive says that it stored it.

        Raises:
            UnreadableFileError: the file is damaged, and nothing was sent.
            TryAgainError: it does not answer, or cannot now.
            CannotTellError: its answer means nothing that a standard names.
            ReceiverRefusedError: it will not take this instance.
        """

    def holds(self, instance: Instance) -> bool:
        """Whether the archive itself lists the instance.

        Raises:
            TryAgainError: it does not answer.
            CannotTellError: it answers, but not this question.
        """


def open_pacs(address: str, *, credentials: str = "", calling: str = "") -> Pacs:
    """The archive at `address`; `credentials` names the file with those of DICOMweb, `calling` our AE title.

    Raises:
        SettingError: an address, a file or a title that cannot be used.
    """
    place = address_of(address)
    trust = Trust(ca_file=settings.PACS_CA.value(), certificate=settings.PACS_CERTIFICATE.value())
    if isinstance(place, DimseAddress):
        from samdrift_mammography.results.dimse_pacs import DimsePacs

        titles = settings.titles_in(calling, settings.AE_TITLE) or (settings.ae_title(),)
        return DimsePacs(place, calling=titles[0], trust=trust)
    from samdrift_mammography.results.web_pacs import WebPacs

    return WebPacs(place, WebAccess.of(credentials, trust))


def confirmed(pacs: Pacs, data: bytes, instance: Instance) -> None:
    """Store `data` in `pacs` and return when it lists the instance.

    Raises:
        UnreadableFileError: the file is damaged, and nothing was sent.
        TryAgainError: no answer, or not now.
        CannotTellError: it said that it stored the instance, but does not list it or cannot be asked.
        ReceiverRefusedError: it refused the instance and does not list it.
    """
    try:
        pacs.store(data, instance)
    except ReceiverRefusedError:
        if not _shown(pacs, instance):
            raise
    else:
        if not pacs.holds(instance):
            raise CannotTellError("The PACS said that it stored the instance, but does not list it.")


def _shown(pacs: Pacs, instance: Instance) -> bool:
    """Whether a PACS that refused an instance lists it all the same; False when it cannot be asked."""
    try:
        return pacs.holds(instance)
    except (TryAgainError, CannotTellError):
        return False


class PacsReceiver:
    """Delivers documents from the object store to a PACS."""

    def __init__(self, pacs: Pacs, store: Store) -> None:
        """`store` holds the documents that requests name."""
        self._pacs = pacs
        self._store = store

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Store the request's document and find it there; the answer names what is there.

        The effect's key is not handed over: the document's own SOP Instance UID is the key that a PACS knows.
        """
        instance = Instance.of_request(request)
        confirmed(self._pacs, self._document(request), instance)
        return _answer(instance)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The same answer, when the PACS lists the document; None when it says that it has none."""
        instance = Instance.of_request(request)
        return _answer(instance) if self._pacs.holds(instance) else None

    def _document(self, request: Mapping[str, Any]) -> bytes:
        try:
            return self._store.get(request["object"])
        except NotFoundError as error:
            raise CannotTellError(f"The document cannot be read, so nothing was sent. {error.message}") from error
        except (OSError, UnavailableError) as error:
            raise TryAgainError(f"The object store does not answer ({type(error).__name__}).") from error


class ClosedReceiver:
    """Stands for a PACS that is not set, or set to something unusable: nothing is sent, nothing else is held up."""

    def __init__(self, message: str) -> None:
        """`message` says what to set."""
        self._message = message

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """TryAgainError, which says what to set."""
        raise TryAgainError(self._message)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """TryAgainError as well: what was sent while it was set is asked about when it is set again."""
        raise TryAgainError(self._message)


def receiver() -> Receiver:
    """The receiver that the settings name. It never raises: a fault in one workload's settings stops no other's."""
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    if not settings.PACS.value():
        return ClosedReceiver(f"{settings.PACS.name} is not set. {settings.PACS.help}")
    try:
        pacs = open_pacs(settings.PACS.value(), credentials=settings.PACS_CREDENTIALS.value())
    except SettingError as error:
        return ClosedReceiver(error.message)
    return PacsReceiver(pacs, ObjectStore(load().objects_url))


def _answer(instance: Instance) -> JsonObject:
    return {"sop_instance_uid": instance.sop_instance_uid, "listed": True}
