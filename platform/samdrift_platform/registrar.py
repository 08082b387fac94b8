"""The registrar: the process that finds new model versions in MLflow and has them signed, again and again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from samdrift_platform import process
from samdrift_platform.errors import UnavailableError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
from samdrift_registry.catalogue import Catalogue, MlflowCatalogue
from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.errors import RegistryError
from samdrift_registry.events import Departure, Event, Found
from samdrift_registry.mirror import Mirror, moves
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.statements import model_subject

log = structlog.get_logger(__name__)

#: Seconds between two looks into MLflow.
PAUSE_S = 2.0


class Aliases:
    """MLflow's aliases `champion`, `canary` and `shadow`: they are made to say what is deployed, and decide nothing."""

    def __init__(self, catalogue: Catalogue, mirror: Mirror) -> None:
        """Read them in `catalogue`, set them with `mirror`."""
        self._catalogue, self._mirror = catalogue, mirror

    def follow(self, deployed: Mapping[tuple[str, Slot], Deployment]) -> None:
        """Set those that say something else."""
        listing = self._catalogue.listing()
        listed = frozenset((version.name, version.version) for version in listing.versions)
        self._mirror.apply(moves(deployed, listing.aliases, listed))


class Registrar:
    """States what the reconciler sees."""

    def __init__(
        self, ledger: Ledger, reconciler: Reconciler, governance: Governance, aliases: Aliases | None = None
    ) -> None:
        """Look with `reconciler`, state through `governance`, report to `ledger`; `aliases` follow what is deployed."""
        self._ledger = ledger
        self._reconciler = reconciler
        self._governance = governance
        self._aliases = aliases
        #: The journal's length when the aliases last followed it.
        self._followed: int | None = None

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
            scan = self._reconciler.scan(tell=self.record)
            self._follow(moved=bool(scan.departures))
            refused = {f"{r.name}/{r.version}": r.reason for r in self._reconciler.refusals()}
        except RegistryError as error:
            log.warning("could not scan", why=error.message)
            self._report(ready=False, detail={"why": error.message})
        else:
            self._report(ready=True, detail={"refused": refused})

    def _follow(self, *, moved: bool) -> None:
        """After the scan, which has told who moved an alias before it is put back."""
        newest = self._governance.newest()
        if self._aliases is not None and (moved or newest != self._followed):
            self._aliases.follow(self._governance.deployments())
            self._followed = newest

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
    aliases = Aliases(MlflowCatalogue(settings.tracking_url), Mirror(settings.tracking_url))
    Registrar(ledger, reconciler, Governance(ledger, settings.home), aliases).run(stopping)


if __name__ == "__main__":
    main()
