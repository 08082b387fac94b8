"""Answers C-STORE: with an acknowledgement when the image is durable, otherwise with what the sender has to do.

Statuses: PS3.4 table B.2-1 and PS3.7 annex C. The data set is kept as it was sent, in its transfer syntax, behind a
File Meta Information of ours (PS3.10 section 7.1). Nothing of it is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, cast

import structlog

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.intake.data_set import DataSetBuffer
from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.intake.tally import Tally
from samdrift_mammography.part10 import parse, text_of
from samdrift_platform.errors import UnavailableError

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.events import Event

log = structlog.get_logger(__name__)


class StoreStatus(IntEnum):
    """What a sender is told."""

    #: It is durable here: on an exam, or aside because it is no mammogram and does not say that it is.
    SUCCESS = 0x0000
    #: A warning, and an acknowledgement: it is durable here, but in quarantine. The comment has the code.
    KEPT_ASIDE = 0xB007
    #: Something here went wrong; the same may be sent again.
    PROCESSING_FAILURE = 0x0110
    #: The request names another SOP class than its presentation context was accepted for.
    CLASS_NOT_SUPPORTED = 0x0122
    #: There is no room or no ledger for it now; the same may be sent again.
    OUT_OF_RESOURCES = 0xA700
    #: The data set is another instance than the request says; nothing was kept.
    MISMATCH = 0xA900
    #: The request has no data set.
    CANNOT_UNDERSTAND = 0xC000


#: Codes of files in quarantine with which nothing is wrong: a modality sends dose reports where it sends images.
NOTHING_WRONG = frozenset({"not-a-mammogram"})
#: Error Comment (0000,0902), at most 64 characters.
COMMENTS: Mapping[StoreStatus, str] = {
    StoreStatus.PROCESSING_FAILURE: "An error of ours. Nothing was kept. Send it again.",
    StoreStatus.CLASS_NOT_SUPPORTED: "SOP class differs from the presentation context's.",
    StoreStatus.OUT_OF_RESOURCES: "No room, or the ledger is away. Nothing was kept. Send it again.",
    StoreStatus.MISMATCH: "Data set has other SOP UIDs than the request. Nothing was kept.",
    StoreStatus.CANNOT_UNDERSTAND: "The request has no data set.",
}


@dataclass(frozen=True, kw_only=True)
class Storing:
    """Handles C-STORE requests of all associations."""

    desk: Desk
    tally: Tally = field(default_factory=Tally)

    def __call__(self, event: Event) -> Dataset:
        """Keep the instance of `event`, a C-STORE request, and answer with its status."""
        buffer = cast(DataSetBuffer, cast("C_STORE", event.request).DataSet)
        try:
            return self._handle(event, buffer)
        except UnavailableError as error:
            log.warning("image not kept", source=_source(event), why=error.message)
            return self._refuse(StoreStatus.OUT_OF_RESOURCES)
        except Exception as error:  # noqa: BLE001 - the sender needs an answer; its text could quote the data set
            log.error(  # noqa: TRY400 - so could a traceback
                "image not kept", source=_source(event), why=type(error).__name__
            )
            return self._refuse(StoreStatus.PROCESSING_FAILURE)
        finally:
            buffer.release()

    def _handle(self, event: Event, buffer: DataSetBuffer) -> Dataset:
        request = cast("C_STORE", event.request)
        if buffer.overflowed:
            return self._refuse(StoreStatus.OUT_OF_RESOURCES)
        if request.AffectedSOPClassUID != event.context.abstract_syntax:
            return self._refuse(StoreStatus.CLASS_NOT_SUPPORTED)
        if not buffer.tell():
            return self._refuse(StoreStatus.CANNOT_UNDERSTAND)
        data = event.encoded_dataset()
        buffer.forget()
        if not _is_what_it_says(request, data):
            return self._refuse(StoreStatus.MISMATCH)
        received = self.desk.receive(data, source=_source(event), now=datetime.now(UTC))
        self.tally.add(received.receipt)
        if received.receipt == Receipt.QUARANTINED:
            log.warning("image in quarantine", source=_source(event), code=received.code)
            if received.code not in NOTHING_WRONG:
                return _answer(StoreStatus.KEPT_ASIDE, f"Kept in quarantine: {received.code}")
        return _answer(StoreStatus.SUCCESS)

    def _refuse(self, status: StoreStatus) -> Dataset:
        self.tally.add(status.name.lower())
        return _answer(status, COMMENTS[status])


def _source(event: Event) -> str:
    return f"dimse:{event.assoc.requestor.ae_title.strip()}"


def _is_what_it_says(request: C_STORE, data: bytes) -> bool:
    """False when class or instance of the data set are others than those of the request.

    A data set that cannot be read, or names none, contradicts nothing: it is received, and ends in quarantine.
    """
    try:
        image = parse(data).image
    except UnreadableFileError:
        return True
    said = (text_of(image, "SOPClassUID"), text_of(image, "SOPInstanceUID"))
    asked = (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID)
    return all(not value or value == str(wanted) for value, wanted in zip(said, asked, strict=True))


def _answer(status: StoreStatus, comment: str = "") -> Dataset:
    from pydicom import Dataset

    answer = Dataset()
    answer.Status = int(status)
    if comment:
        answer.ErrorComment = comment
    return answer
