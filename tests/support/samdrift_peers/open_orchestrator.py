"""`python -m samdrift_peers.open_orchestrator URL fill N | work`: OpenOrchestrator's queue, by its own functions.

`work` takes and finishes elements until there are none left, beginning when a line comes in, and prints as JSON which
references it held. Needs OpenOrchestrator and a driver for the database alone.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

QUEUE = "bench"


def main(url: str, what: str, number: str = "0") -> None:
    """Fill the queue, or work it off."""
    database: Any = import_module("OpenOrchestrator.database.db_util")
    if not database.connect(url):
        raise SystemExit(f"OpenOrchestrator cannot open {url}")
    if what == "fill":
        _fill(database, int(number))
    else:
        _work(database)


def _fill(database: Any, number: int) -> None:
    queues = import_module("OpenOrchestrator.database.queues")
    queues.Base.metadata.create_all(database._connection_engine)
    references = tuple(f"item {n}" for n in range(number))
    database.bulk_create_queue_elements(QUEUE, references, tuple("{}" for _ in references))


def _work(database: Any) -> None:
    done = import_module("OpenOrchestrator.database.queues").QueueStatus.DONE
    database.get_queue_count()  # connected before the clock starts
    print("ready", flush=True)  # noqa: T201 - to whoever started this
    sys.stdin.readline()
    held = []
    while (element := database.get_next_queue_element(QUEUE)) is not None:
        held.append(element.reference)
        database.set_queue_element_status(element.id, done)
    print(json.dumps(held), flush=True)  # noqa: T201 - the answer
    sys.stdin.readline()  # until its processor time was read


if __name__ == "__main__":
    main(*sys.argv[1:])
