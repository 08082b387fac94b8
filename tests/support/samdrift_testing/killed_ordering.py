"""A night's ordering that dies in the middle: `python -m samdrift_testing.killed_ordering PUTS`, as settings say."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime

from samdrift_energy_forecast.ordering import making, nightly
from samdrift_platform.contract import Store
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import load

#: Buildings in one transaction: few, so that a small fleet has several.
CHUNK = 3


class DyingStore:
    """A store in front of a real one; the process is killed (SIGKILL) at its `nth` object."""

    def __init__(self, store: Store, nth: int) -> None:
        self._store, self._left = store, nth

    def put(self, data: bytes) -> str:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._store.put(data)

    def get(self, reference: str) -> bytes:
        return self._store.get(reference)


def main() -> None:
    """Order tonight's plans until the store kills us."""
    settings = load()
    making.CHUNK = CHUNK
    store = DyingStore(ObjectStore(settings.objects_url), int(sys.argv[1]))
    desk = making.OrderDesk(
        ledger=Ledger(settings.ledger_url), store=store, tenant=settings.tenant, ordered_by="nightly"
    )
    nightly.run(desk, now=datetime.now(UTC))


if __name__ == "__main__":
    main()
