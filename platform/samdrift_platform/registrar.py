"""The registrar: the process that finds new model versions in MLflow and has them signed, again and again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from samdrift_platform import process
from samdrift_platform.errors import UnavailableError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import checkpoints, processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import RegistryError
from samdrift_registry.events import Departure, Event, Found
from samdrift_registry.mirror import Mirror
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.statements import model_subject

log = structlog.get_logger(__name__)

#: Seconds between two looks into MLflow.
PAUSE_S = 2.0


class Registrar:
    """States what the reconciler sees."""

    def __init__(
        self,
        ledger: Ledger,
        reconciler: Reconciler,
        governance: Governance,
        mirror: Mirror | None = None,
        keys: Path | None = None,
    ) -> None:
        """Look with `reconciler`, state through `governance`, report to `ledger`; `mirror` has aliases follow.

        With the key in the folder `keys` the audit chain's head is signed every hour.
        """
        self._ledger = ledger
        self._reconciler = reconciler
        self._governance = governance
        self._mirror = mirror
        self._keys = keys

    def run(self, stopping: threading.Event) -> None:
        """Scan until `stopping` is set; ready after a scan, not ready while MLflow or a key keeps it from one."""
        while not stopping.is_set():
            try:
                self._turn()
            except UnavailableError as error:
                log.warning("the ledger does not answer", why=error.message)
            stopping.wait(PAUSE_S)

    def record(self, event: Event) -> None:
        """State one event; the reconciler remembers it only after this returns, so a second time changes nothing."""
        log.info("registry", event_text=str(event))
        now = datetime.now(UTC)
        if isinstance(event, Found):
            known: dict[str, Any] = {"run_id": event.run_id, "registered_by": event.registered_by}
            self._governance.register(
                event.name, event.version, event.digest, **known, declared=event.declared, now=now
            )
        elif isinstance(event, Departure):
            self._depart(event, now)
        elif event.final:  # what is put off is tried again and may still be found
            self._governance.refuse(event.name, event.version, event.reason, now=now)

    def _depart(self, event: Departure, now: datetime) -> None:
        """An alarm, unless an alias says what is deployed, or is one that governance has no part in."""
        if event.alias is not None and (event.alias not in set(Slot) or self._as_deployed(event)):
            return
        figures = {"alias": event.alias, "was": event.was, "now": event.now}
        subject, code = _subject(event), event.change.value
        self._governance.alarm(subject, code, str(event), figures, actor="registry", now=now)

    def _as_deployed(self, event: Departure) -> bool:
        deployment = self._governance.deployments().get((event.name, Slot(str(event.alias))))
        return event.now == (str(deployment.version) if deployment else None)

    def _turn(self) -> None:
        try:
            self._reconciler.scan(tell=self.record)
            self._reflect()
            if self._keys is not None:
                checkpoints.keep(self._ledger, self._keys, now=datetime.now(UTC))
            refused = {f"{r.name}/{r.version}": r.reason for r in self._reconciler.refusals()}
        except RegistryError as error:
            log.warning("could not scan", why=error.message)
            self._report(ready=False, detail={"why": error.message})
        else:
            self._report(ready=True, detail={"refused": refused})

    def _reflect(self) -> None:
        """Have MLflow's aliases say what is deployed; who moved one is told before it is put back."""
        if self._mirror is not None:
            deployed = {key: each.version for key, each in self._governance.deployments().items()}
            self._mirror.reflect(deployed, self.record)

    def _report(self, *, ready: bool, detail: Mapping[str, Any]) -> None:
        with self._ledger.write() as connection:
            processes.report(connection, "registry", ready=ready, detail=detail, now=datetime.now(UTC))


def _subject(departure: Departure) -> str:
    """The version it is about; of an alias that moved, the version that it left or, if there was none, came to."""
    version = departure.version or departure.was or departure.now
    return model_subject(departure.name, int(version or 0))


def main() -> None:
    """Reconcile until told to stop."""
    settings = load()
    stopping = process.begin("registry")
    ledger = Ledger(settings.ledger_url)
    reconciler = Reconciler(settings.tracking_url, settings.home)
    mirror = Mirror(settings.tracking_url, settings.home)
    governance = Governance(ledger, settings.home)
    Registrar(ledger, reconciler, governance, mirror, keys=settings.home / "keys").run(stopping)


if __name__ == "__main__":
    main()
