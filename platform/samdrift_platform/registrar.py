"""The registrar: the process that finds new model versions in MLflow and has them signed, again and again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from samdrift_platform import process
from samdrift_platform.errors import UnavailableError
from samdrift_platform.ledger import audit, processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
from samdrift_registry.errors import RegistryError
from samdrift_registry.events import Event, Found, Refused
from samdrift_registry.reconciler import Reconciler

log = structlog.get_logger(__name__)

#: Seconds between two looks into MLflow.
PAUSE_S = 2.0


class Registrar:
    """Records in the audit chain what the reconciler sees."""

    def __init__(self, ledger: Ledger, reconciler: Reconciler) -> None:
        """Look with `reconciler`, record in `ledger`."""
        self._ledger = ledger
        self._reconciler = reconciler

    def run(self, stopping: threading.Event) -> None:
        """Scan until `stopping` is set; ready after a scan, not ready while MLflow or a key keeps it from one."""
        while not stopping.is_set():
            try:
                self._turn()
            except UnavailableError as error:
                log.warning("the ledger does not answer", why=error.message)
            stopping.wait(PAUSE_S)

    def record(self, event: Event) -> None:
        """Put one event into the chain; the reconciler remembers it only after this returns."""
        log.info("registry", event_text=str(event))
        with self._ledger.write() as connection:
            audit.append(connection, [_audited(event)], now=datetime.now(UTC))

    def _turn(self) -> None:
        try:
            self._reconciler.scan(tell=self.record)
            refused = {f"{r.name}/{r.version}": r.reason for r in self._reconciler.refusals()}
        except RegistryError as error:
            log.warning("could not scan", why=error.message)
            self._report(ready=False, detail={"why": error.message})
        else:
            self._report(ready=True, detail={"refused": refused})

    def _report(self, *, ready: bool, detail: Mapping[str, Any]) -> None:
        with self._ledger.write() as connection:
            processes.report(connection, "registry", ready=ready, detail=detail, now=datetime.now(UTC))


def _audited(event: Event) -> audit.Event:
    if isinstance(event, Found):
        action, details = "model.signed", {"digest": event.digest, "run": event.run_id}
    elif isinstance(event, Refused):
        action, details = "model.refused", {"reason": event.reason}
    else:
        action = "model.departed"
        details = {"change": event.change.value, "alias": event.alias, "was": event.was, "now": event.now}
    version = f"/{event.version}" if event.version is not None else ""
    return audit.Event(actor="registry", action=action, subject=f"model:{event.name}{version}", details=details)


def main() -> None:
    """Reconcile until told to stop."""
    settings = load()
    stopping = process.begin("registry")
    reconciler = Reconciler(settings.tracking_url, settings.home)
    Registrar(Ledger(settings.ledger_url), reconciler).run(stopping)


if __name__ == "__main__":
    main()
