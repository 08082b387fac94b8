"""Standing orders: what governance wants served, read again whenever its journal has changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from samdrift_platform.assignments import Wanted, wanted
from samdrift_platform.contract import Workload
from samdrift_platform.errors import SamdriftError
from samdrift_platform.governance import Governance, load_deployments
from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import Settings

if TYPE_CHECKING:
    from samdrift_platform.assignments import Deployments
    from samdrift_registry.deployments import Deployment
    from samdrift_registry.proof import Proof

log = structlog.get_logger(__name__)


class Orders:
    """The newest orders that could be verified.

    Where the record of deployments does not hold, the last ones that did stand, and it is said. Where the record of
    stops does not hold, nobody can know that a workload was not stopped: all are.
    """

    def __init__(self, workloads: Sequence[Workload], settings: Settings, ledger: Ledger) -> None:
        """Read nothing yet."""
        self._workloads, self._settings, self._ledger = workloads, settings, ledger
        self._governance = Governance(ledger, settings.home)
        self._seen: int | None = None
        self._deployments: Deployments = {}
        self._proofs: dict[Deployment, Proof] = {}
        self._wanted = Wanted(crews={}, shadows={}, missing={})
        #: Why the record does not hold; empty: it does.
        self.trouble = ""

    def current(self) -> Wanted:
        """What to serve now; cheap while the journal stands still."""
        with self._ledger.read() as connection:
            newest = statements.newest_seq(connection)
        if newest != self._seen:
            self._read()
            self._seen = newest
        return self._wanted

    def _read(self) -> None:
        from samdrift_registry.errors import RegistryError

        self.trouble = ""
        try:
            with self._ledger.read() as connection:
                found = load_deployments(connection, self._settings.home)
            self._deployments, self._proofs = found, {each: self._governance.proof(each) for each in found.values()}
        except RegistryError as error:
            self._tell(error)
        orders = wanted(self._workloads, self._deployments, self._stopped(), self._proofs.__getitem__, self._settings)
        self._wanted = replace(orders, missing={name: self.trouble or why for name, why in orders.missing.items()})

    def _stopped(self) -> Collection[str]:
        from samdrift_registry.errors import RegistryError

        try:
            return set(self._governance.stops())
        except RegistryError as error:
            self._tell(error)
            return {workload.name for workload in self._workloads}

    def _tell(self, error: SamdriftError) -> None:
        self.trouble = error.message
        log.error("the record of governance does not hold", error=error.message)
