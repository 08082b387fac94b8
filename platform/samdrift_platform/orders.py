"""Standing orders: what governance wants served, read again whenever its journal has changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from samdrift_platform.assignments import Wanted, wanted
from samdrift_platform.contract import Workload
from samdrift_platform.governance.journal import Journal
from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import Settings
from samdrift_registry import deployments
from samdrift_registry.errors import RegistryError
from samdrift_registry.lifecycle import stopped
from samdrift_registry.proof import collect
from samdrift_registry.statements import Kind

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
        self._journal = Journal(ledger, settings.home)
        self._seen: int | None = None
        self._deployments: Deployments = {}
        self._proofs: dict[Deployment, Proof] = {}
        self._wanted = Wanted(crews={}, shadows={}, missing={})
        #: Why the record does not hold; empty: it does.
        self.trouble = ""

    def current(self) -> Wanted:
        """What to serve now; cheap while the journal stands still."""
        with self._ledger.read() as connection:
            newest = statements.newest_signature_seq(connection)
        if newest != self._seen or self.trouble:
            self._read()
            self._seen = newest
        return self._wanted

    def _read(self) -> None:
        halted, trouble = self._stopped()
        trouble = self._serving() or trouble
        if trouble and trouble != self.trouble:
            log.error("the record of governance does not hold", error=trouble)
        self.trouble = trouble
        orders = wanted(self._workloads, self._deployments, halted, self._proofs.__getitem__, self._settings)
        self._wanted = replace(orders, missing={name: trouble or why for name, why in orders.missing.items()})

    def _serving(self) -> str:
        """Read what is deployed, and on what evidence; why that is not possible."""
        try:
            signed = self._journal.read()
            found = deployments.current(each.statement for each in signed)
        except RegistryError as error:
            return error.message
        self._deployments, self._proofs = found, {each: collect(signed, each) for each in found.values()}
        return ""

    def _stopped(self) -> tuple[Collection[str], str]:
        """Who is stopped; and why nobody can know, where that is so. Looks at nothing else than stops."""
        try:
            told = self._journal.read([Kind.STOPPED, Kind.RESUMED])
        except RegistryError as error:
            return {workload.name for workload in self._workloads}, error.message
        return set(stopped(each.statement for each in told)), ""
