"""DICOM over the network: listens for C-ECHO, C-STORE and whatever other services it is given.

Only application entities that the operator names may associate, and only by our title (PS3.8 section 9.3.4).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from samdrift_mammography import settings
from samdrift_mammography.intake.limits import Limits
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.intake.storing import Storing
from samdrift_mammography.intake.tally import Tally
from samdrift_mammography.network_log import silence
from samdrift_platform.errors import SettingError, UnavailableError

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.events import Event, InterventionEvent
    from pynetdicom.presentation import PresentationContext

    from samdrift_mammography.intake.associations import BoundedServer

#: What a mammography modality or its workstation sends (PS3.4 annex B.5). All of it is kept; an exam is made of images.
STORAGE_CLASSES: Sequence[str] = (
    "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography X-Ray Image, For Presentation
    "1.2.840.10008.5.1.4.1.1.1.2.1",  # Digital Mammography X-Ray Image, For Processing
    "1.2.840.10008.5.1.4.1.1.13.1.3",  # Breast Tomosynthesis Image
    "1.2.840.10008.5.1.4.1.1.13.1.4",  # Breast Projection X-Ray Image, For Presentation
    "1.2.840.10008.5.1.4.1.1.13.1.5",  # Breast Projection X-Ray Image, For Processing
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture Image
    "1.2.840.10008.5.1.4.1.1.7.1",  # Multi-frame Single Bit Secondary Capture Image
    "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture Image
    "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture Image
    "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture Image
    "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography Image
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image, For Presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray Image, For Processing
    "1.2.840.10008.5.1.4.1.1.11.1",  # Grayscale Softcopy Presentation State
    "1.2.840.10008.5.1.4.1.1.66",  # Raw Data
    "1.2.840.10008.5.1.4.1.1.88.11",  # Basic Text SR
    "1.2.840.10008.5.1.4.1.1.88.22",  # Enhanced SR
    "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR
    "1.2.840.10008.5.1.4.1.1.88.50",  # Mammography CAD SR
    "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection
    "1.2.840.10008.5.1.4.1.1.88.67",  # X-Ray Radiation Dose SR
    "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
)
#: Every one is kept as it is received; whether the pixels can be decoded is found out later.
TRANSFER_SYNTAXES: Sequence[str] = (
    "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
    "1.2.840.10008.1.2",  # Implicit VR Little Endian
    "1.2.840.10008.1.2.2",  # Explicit VR Big Endian
    "1.2.840.10008.1.2.1.99",  # Deflated Explicit VR Little Endian
    "1.2.840.10008.1.2.5",  # RLE Lossless
    "1.2.840.10008.1.2.4.50",  # JPEG Baseline
    "1.2.840.10008.1.2.4.51",  # JPEG Extended
    "1.2.840.10008.1.2.4.57",  # JPEG Lossless
    "1.2.840.10008.1.2.4.70",  # JPEG Lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS Lossless
    "1.2.840.10008.1.2.4.81",  # JPEG-LS Near-lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 Lossless
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.201",  # High-Throughput JPEG 2000 Lossless
    "1.2.840.10008.1.2.4.202",  # High-Throughput JPEG 2000 RPCL Lossless
    "1.2.840.10008.1.2.4.203",  # High-Throughput JPEG 2000
)
#: How often the accepting thread looks whether it shall end, seconds.
_POLL_S = 0.1
_VERIFICATION = "1.2.840.10008.1.1"
_UNCOMPRESSED: Sequence[str] = TRANSFER_SYNTAXES[:2]


@dataclass(frozen=True, kw_only=True)
class Service:
    """A DIMSE service beside storage: its SOP classes, and pynetdicom's handlers for its requests."""

    sop_classes: Sequence[str]
    handlers: Sequence[tuple[InterventionEvent, Callable[[Event], Any]]]


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Our application entity: where it listens, what it is called, and who may call it."""

    host: str = field(default_factory=settings.DICOM_HOST.value)
    port: int = field(default_factory=settings.dicom_port)
    ae_title: str = field(default_factory=settings.ae_title)
    calling_ae_titles: Sequence[str] = field(default_factory=settings.calling_ae_titles)


class Listener:
    """Listens from `start` to `stop`, or in a `with`."""

    def __init__(
        self, entity: Entity, desk: Desk, *, services: Sequence[Service] = (), limits: Limits | None = None
    ) -> None:
        """Prepare to listen as `entity`; nothing is opened yet."""
        self.entity = entity
        self.tally = Tally()
        self._storing = Storing(desk=desk, tally=self.tally)
        self._services, self._limits = services, limits or Limits()
        self._ae: ApplicationEntity | None = None
        self._server: BoundedServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, in threads of our own.

        Raises:
            SettingError: nobody is named who may call: then nobody may.
            UnavailableError: the address cannot be listened on.
        """
        from samdrift_mammography.intake.associations import BoundedServer

        if not self.entity.calling_ae_titles:
            raise SettingError(f"{settings.CALLING_AE_TITLES.name} is empty. Name the AE titles that may send.")
        silence()
        self._ae = _application_entity(self.entity, self._limits)
        address = (self.entity.host, self.entity.port)
        try:
            self._server = BoundedServer(
                self._ae, address, contexts=self._contexts(), handlers=self._handlers(), limits=self._limits
            )
        except OSError as error:
            raise UnavailableError(
                f"Nothing can listen on {address[0]}:{address[1]} ({error.strerror or error}). Free the port, or set "
                f"{settings.DICOM_PORT.name}."
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="dimse", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and break off what is under way: what was not acknowledged is sent again."""
        if self._server is not None and self._ae is not None:
            self._server.shutdown()
            self._ae.shutdown()
            self._server = self._ae = None

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def port(self) -> int:
        """The port that is listened on; the system's choice when 0 was asked for."""
        return self._server.server_address[1] if self._server else self.entity.port

    @property
    def associations(self) -> int:
        """How many connections there are now."""
        return len(self._server.active_associations) if self._server else 0

    @property
    def in_flight_bytes(self) -> int:
        """Data sets that are on their way, or in the hands of the desk, now."""
        return self._server.room.taken_bytes if self._server else 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _contexts(self) -> list[PresentationContext]:
        from pynetdicom import build_context

        storage = [build_context(uid, list(TRANSFER_SYNTAXES)) for uid in STORAGE_CLASSES]
        others = [_VERIFICATION, *(uid for service in self._services for uid in service.sop_classes)]
        return storage + [build_context(uid, list(_UNCOMPRESSED)) for uid in others]

    def _handlers(self) -> list[tuple[Any, Callable[[Event], Any]]]:
        from pynetdicom import evt

        others = [handler for service in self._services for handler in service.handlers]
        return [(evt.EVT_C_STORE, self._storing), *others]


def _application_entity(entity: Entity, limits: Limits) -> ApplicationEntity:
    from pynetdicom import AE

    ae = AE(entity.ae_title)
    ae.require_called_aet = True
    ae.require_calling_aet = list(entity.calling_ae_titles)
    ae.maximum_associations = sys.maxsize  # the library counts connections as well; `BoundedServer` bounds both
    ae.maximum_pdu_size = limits.pdu_bytes
    ae.acse_timeout, ae.network_timeout, ae.dimse_timeout = limits.association_s, limits.idle_s, limits.idle_s
    return ae
