"""The registrar: the process that finds new model versions in MLflow and has them signed, again and again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import structlog

from samdrift_platform import process
from samdrift_platform.ledger import audit, processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
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
        """Scan until `stopping` is set; ready after the first scan."""
        while not stopping.is_set():
            self._reconciler.scan(tell=self.record)
            self._report()
            stopping.wait(PAUSE_S)

    def record(self, event: Event) -> None:
        """Put one event into the chain; the reconciler remembers it only after this returns."""
        log.info("registry", event_text=str(event))
        with self._ledger.write() as connection:
            audit.append(connection, [_audited(event)], now=datetime.now(UTC))

    def _report(self) -> None:
        refused = {f"{r.name}/{r.version}": r.reason for r in self._reconciler.refusals()}
        with self._ledger.write() as connection:
            processes.report(connection, "registry", ready=True, detail={"refused": refused}, now=datetime.now(UTC))


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
