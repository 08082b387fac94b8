"""A PACS over DIMSE: C-STORE (PS3.4 annex B), then C-FIND (PS3.4 annex C), each in an association of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.network_log import silence
from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs_address import DimseAddress
from samdrift_mammography.results.storage_status import Meaning, meaning_of
from samdrift_mammography.results.tls import Trust
from samdrift_mammography.results.watchdog import Watchdog
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import Event
    from pynetdicom.presentation import PresentationContext

#: Seconds: to be connected, and from then to have stored or to have answered. Two connections, so 24 s in all.
CONNECT_S, STORE_S, ASK_S = 3.0, 12.0, 6.0

_UNSENDABLE = "The file is damaged and cannot be sent. Send it again from the source"
_PENDING = frozenset({0xFF00, 0xFF01})
_IMPLICIT_LITTLE = "1.2.840.10008.1.2"  # every application entity takes it (PS3.5 section 10.1)


class NoContextError(ReceiverRefusedError):
    """The PACS accepts none of what was proposed. It must be set up to take this kind of object."""


class DimsePacs:
    """One application entity, called as `calling`."""

    def __init__(
        self,
        address: DimseAddress,
        *,
        calling: str,
        trust: Trust | None = None,
        store_s: float = STORE_S,
        ask_s: float = ASK_S,
    ) -> None:
        """`store_s` and `ask_s` end an association that has not done its work by then, whatever it is doing.

        `trust` is for an address over TLS.
        """
        silence()
        self._address = address
        self._calling = calling
        self._tls = ((trust or Trust()).context(), address.host) if address.tls else None
        self._store_s = store_s
        self._ask_s = ask_s

    def store(self, data: bytes, instance: Instance) -> None:
        """C-STORE the file, proposing its own SOP class and transfer syntax alone."""
        file = _read(data)
        with self._associated([_storage_context(file)], self._store_s) as association:
            try:
                status = association.send_c_store(file).get("Status")
            except ValueError as error:  # pynetdicom's word for a data set that cannot be encoded
                raise UnreadableFileError(f"{_UNSENDABLE} ({type(error).__name__}).", code="damaged") from error
        self._judge(status)

    def holds(self, instance: Instance) -> bool:
        """C-FIND at IMAGE level; at SERIES level, by the number of instances, where that is not supported."""
        with self._asked() as association:
            status, found = self._find(association, _image_query(instance))
            if status == 0:
                return any(match.get("SOPInstanceUID") == instance.sop_instance_uid for match in found)
            if status is None:
                raise TryAgainError(f"{self} did not answer the question in time.")
            return self._counted(association, instance)

    def __str__(self) -> str:
        return f"The PACS {self._address}"

    def _counted(self, association: Association, instance: Instance) -> bool:
        status, found = self._find(association, _series_query(instance))
        series = [match for match in found if match.get("SeriesInstanceUID") == instance.series_instance_uid]
        if status == 0 and not series:
            return False
        number = series[0].get("NumberOfSeriesRelatedInstances") if series else None
        if status != 0 or number is None or instance.place_in_series is None:
            raise CannotTellError(f"{self} can be asked neither for an instance nor for the size of its series.")
        return int(number) >= instance.place_in_series

    def _find(self, association: Association, query: Dataset) -> tuple[int | None, list[Dataset]]:
        """The final status (None: there was none) and the matches."""
        from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind  # type: ignore[attr-defined] # made at its import

        found: list[Dataset] = []
        for answer, identifier in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
            status = answer.get("Status")
            if status not in _PENDING:
                return status, found
            if identifier is not None:
                found.append(identifier)
        return None, found

    @contextmanager
    def _asked(self) -> Iterator[Association]:
        from pynetdicom import build_context
        from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind  # type: ignore[attr-defined] # made at its import

        context = build_context(StudyRootQueryRetrieveInformationModelFind)
        try:
            with self._associated([context], self._ask_s) as association:
                yield association
        except NoContextError as error:
            raise CannotTellError(f"{self} cannot be asked: it does not answer Study Root C-FIND.") from error

    @contextmanager
    def _associated(self, contexts: Sequence[PresentationContext], budget_s: float) -> Iterator[Association]:
        """An association that is gone after `budget_s`; TryAgainError or NoContextError when there is none."""
        watchdog = Watchdog(budget_s)
        association = self._requested(contexts, budget_s, watchdog)
        try:
            self._require_established(association)
            yield association
            association.release()
        except RuntimeError as error:  # pynetdicom's word for an association that ended in between
            raise TryAgainError(f"{self} ended the association.") from error
        finally:
            watchdog.cancel()
            if association.is_established:
                association.abort()

    def _requested(self, contexts: Sequence[PresentationContext], budget_s: float, watchdog: Watchdog) -> Association:
        from pynetdicom import AE, evt

        entity = AE(ae_title=self._calling)
        entity.connection_timeout = CONNECT_S
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = budget_s
        try:
            return entity.associate(
                self._address.host,
                self._address.port,
                contexts=list(contexts),
                ae_title=self._address.ae_title,
                tls_args=self._tls,
                evt_handlers=[(evt.EVT_CONN_OPEN, _opened_under(watchdog))],
            )
        except OSError as error:  # a name that cannot be looked up; what follows it, pynetdicom catches
            raise TryAgainError(f"{self} cannot be found ({error.strerror or error}).") from error

    def _require_established(self, association: Association) -> None:
        if association.is_established:
            return
        if association.is_rejected:
            reason = getattr(association.acceptor.primitive, "reason_str", "no reason given")
            raise TryAgainError(f"{self} rejected the association: {reason}.")
        if association.rejected_contexts:
            names = ", ".join(sorted({_name(context) for context in association.rejected_contexts}))
            raise NoContextError(f"{self} does not accept {names}.")
        raise TryAgainError(f"{self} does not answer.")

    def _judge(self, status: int | None) -> None:
        if status is None:
            raise TryAgainError(f"{self} did not say whether it stored the instance.")
        said = f"{self} answered status {status:04X}"
        match meaning_of(status):
            case Meaning.PASSING:
                raise TryAgainError(f"{said}: it cannot store the instance now.")
            case Meaning.REFUSED:
                raise ReceiverRefusedError(f"{said}: it does not take the instance.")
            case Meaning.UNCLEAR:
                raise CannotTellError(f"{said}, which no standard names.")


def _read(data: bytes) -> Dataset:
    """The file as a data set, with what is needed to propose a context for it."""
    import pydicom

    try:
        file = pydicom.dcmread(BytesIO(data))
        if file.SOPClassUID and file.file_meta.TransferSyntaxUID:
            return file
    except Exception as error:
        raise UnreadableFileError(f"{_UNSENDABLE} ({type(error).__name__}).", code="damaged") from error
    raise UnreadableFileError(f"{_UNSENDABLE}.", code="damaged")


def _opened_under(watchdog: Watchdog) -> Callable[[Event], None]:
    """What pynetdicom calls when the connection opens."""

    def opened(event: Event) -> None:
        connection = event.assoc.dul.socket
        watchdog.start(lambda: None if connection is None else connection.socket)
        if connection is not None and connection.socket is not None:
            # A message is two writes; without this the second waits 40 ms for the other side's acknowledgement.
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    return opened


def _name(context: PresentationContext) -> str:
    return "" if context.abstract_syntax is None else str(context.abstract_syntax.name)


def _storage_context(file: Dataset) -> PresentationContext:
    from pynetdicom import build_context

    syntax = file.file_meta.TransferSyntaxUID
    # An uncompressed little-endian data set may be written the other way as well; a compressed one goes as it is.
    convertible = not syntax.is_compressed and syntax.is_little_endian
    return build_context(file.SOPClassUID, list(dict.fromkeys([syntax, *([_IMPLICIT_LITTLE] if convertible else [])])))


def _image_query(instance: Instance) -> Dataset:
    """Identifier of a C-FIND at IMAGE level, hierarchical: the unique keys above it are given (PS3.4 C.4.1.3.1)."""
    query = _series_query(instance)
    del query.NumberOfSeriesRelatedInstances
    query.QueryRetrieveLevel = "IMAGE"
    query.SOPInstanceUID = instance.sop_instance_uid
    return query


def _series_query(instance: Instance) -> Dataset:
    from pydicom import Dataset

    query = Dataset()
    query.QueryRetrieveLevel = "SERIES"
    query.StudyInstanceUID = instance.study_instance_uid
    query.SeriesInstanceUID = instance.series_instance_uid
    query.NumberOfSeriesRelatedInstances = None
    return query
