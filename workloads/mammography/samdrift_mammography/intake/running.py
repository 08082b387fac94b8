"""The intake as a whole: the DICOM listener, the watched folder and the assembler of exams, in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from samdrift_mammography import settings as own
from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.intake.dimse import Entity, Listener
from samdrift_mammography.intake.folder import WatchedFolder
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.results import ups
from samdrift_mammography.services import INTAKE
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings

log = structlog.get_logger(__name__)

#: How often the process says that it is here, seconds.
HEARTBEAT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Receives images and puts exams together; also those whose images come by web, to the control plane."""

    ledger: Ledger
    assembler: Assembler
    listener: Listener | None = None
    folder: WatchedFolder | None = None

    @classmethod
    def of(cls, settings: Settings, entity: Entity, watched: Path | None) -> Intake:
        """As the settings say; nothing listens when nobody may call."""
        ledger, store = Ledger(settings.ledger_url), ObjectStore(settings.objects_url)
        desk = Desk(ledger=ledger, store=store)
        return cls(
            ledger=ledger,
            assembler=Assembler(ledger=ledger, store=store, tenant=settings.tenant),
            listener=Listener(entity, desk, services=[ups.service(ledger)]) if entity.calling_ae_titles else None,
            folder=WatchedFolder(folder=watched, desk=desk) if watched else None,
        )

    @contextmanager
    def started(self) -> Iterator[None]:
        """Listens while the `with` lasts.

        Raises:
            UnavailableError: the address cannot be listened on.
        """
        with ExitStack() as stack:
            stack.callback(self.ledger.close)
            if self.listener:
                stack.enter_context(self.listener)
            yield

    def run(self, stopping: threading.Event) -> bool:
        """Receive until `stopping` is set; False when a part of it failed, so that the process must start afresh."""
        failed: list[str] = []
        parts: dict[str, Callable[[threading.Event], None]] = {"assembler": self.assembler.run}
        if self.folder:
            parts["folder"] = self.folder.run
        threads = [
            threading.Thread(target=_guard, args=(name, run, stopping, failed), name=name)
            for name, run in parts.items()
        ]
        for thread in threads:
            thread.start()
        try:
            while not stopping.is_set():
                if self.listener and not self.listener.listening:
                    failed.append("listener")
                    stopping.set()
                self._report(ready=not failed)
                stopping.wait(HEARTBEAT_S)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        return not failed

    @property
    def told(self) -> Sequence[str]:
        """Lines for whoever started it: where to send, and who may."""
        lines = []
        if self.listener:
            entity = self.listener.entity
            lines.append(f"DICOM: {entity.ae_title} at {entity.host}:{self.listener.port} (C-ECHO, C-STORE, UPS)")
            lines.append(f"may send: {', '.join(entity.calling_ae_titles)}")
        else:
            lines.append(f"DICOM: nobody may send. Name AE titles with --calling or {own.CALLING_AE_TITLES.name}.")
        if self.folder:
            lines.append(f"folder: {self.folder.folder}")
        return lines

    def _report(self, *, ready: bool) -> None:
        with suppress(LedgerUnavailableError), self.ledger.write() as connection:  # silence says it as well
            processes.report(connection, INTAKE, ready=ready, detail=self.detail, now=datetime.now(UTC))

    @property
    def detail(self) -> Mapping[str, Any]:
        """What it does and what it received since it started, without anything of a person."""
        told: dict[str, Any] = {"folder": bool(self.folder)}
        if self.listener:
            entity = self.listener.entity
            told |= {"dicom": f"{entity.ae_title}@{entity.host}:{self.listener.port}"}
            told |= {"connections": self.listener.associations, "dicom_files": dict(self.listener.tally.counts)}
        if self.folder:
            told["folder_files"] = dict(self.folder.tally.counts)
        return told


def _guard(name: str, run: Callable[[threading.Event], None], stopping: threading.Event, failed: list[str]) -> None:
    try:
        run(stopping)
    except Exception as error:  # noqa: BLE001 - whatever it is, a process without this part must not look alive
        log.error("a part of the intake failed", part=name, error=type(error).__name__)  # noqa: TRY400 - may be personal
        failed.append(name)
        stopping.set()


def watched_folder() -> Path | None:
    """The folder that the settings name."""
    named = own.WATCHED_FOLDER.value()
    return Path(named) if named else None
