"""A delivery process that dies between what a PACS does and what the ledger hears of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import Pacs, PacsReceiver, open_pacs
from samdrift_platform.contract import Store
from samdrift_platform.delivery import Delivery
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore


class Moment(StrEnum):
    """When it dies, in the order of a delivery."""

    STORED = "after the PACS stored it, before it was asked"
    ASKED = "after the PACS listed it, before the record"


class _DyingPacs:
    def __init__(self, pacs: Pacs, moment: Moment) -> None:
        self._pacs = pacs
        self._moment = moment

    def store(self, data: bytes, instance: Instance) -> None:
        self._pacs.store(data, instance)
        self._die(Moment.STORED)

    def holds(self, instance: Instance) -> bool:
        found = self._pacs.holds(instance)
        self._die(Moment.ASKED)
        return found

    def _die(self, moment: Moment) -> None:
        if moment is self._moment:
            os.kill(os.getpid(), signal.SIGKILL)


def deliver(workload: str, ledger_url: str, objects_url: str, pacs: Mapping[str, str], moment: Moment) -> None:
    """A process's main function: begin one effect and die; `pacs` is what `open_pacs` takes."""
    store: Store = ObjectStore(objects_url)
    receiver = PacsReceiver(_DyingPacs(open_pacs(**pacs), moment), store)
    Delivery(Ledger(ledger_url), {workload: {"pacs": receiver}}).step(now=datetime.now(UTC))
