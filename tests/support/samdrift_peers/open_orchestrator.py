"""`python -m samdrift_peers.open_orchestrator URL WHAT ...`: OpenOrchestrator's queue, by its own functions.

`fill N` puts elements in. `work` takes and finishes them until there are none left, beginning when a line comes in, and
prints as JSON which references it held. `robot LOG [POINT NTH]` does something for each (a line in LOG) and dies there:
`claimed` or `called`. `count STATUS` prints a number. Needs OpenOrchestrator and a driver for the database alone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from importlib import import_module
from typing import Any

QUEUE = "bench"


def main(url: str, what: str, *more: str) -> None:
    """Do `what`."""
    database: Any = import_module("OpenOrchestrator.database.db_util")
    if not database.connect(url):
        raise SystemExit(f"OpenOrchestrator cannot open {url}")
    if what == "fill":
        _fill(database, int(more[0]))
    elif what == "work":
        _work(database)
    elif what == "robot":
        _robot(database, *more)
    else:
        print(database.get_queue_count()[QUEUE].get(_status(more[0]), 0))  # noqa: T201 - the answer


def _status(name: str) -> Any:
    return import_module("OpenOrchestrator.database.queues").QueueStatus[name]


def _fill(database: Any, number: int) -> None:
    queues = import_module("OpenOrchestrator.database.queues")
    queues.Base.metadata.create_all(database._connection_engine)
    references = tuple(f"item {n}" for n in range(number))
    database.bulk_create_queue_elements(QUEUE, references, tuple("{}" for _ in references))


def _work(database: Any) -> None:
    done = _status("DONE")
    database.get_queue_count()  # connected before the clock starts
    print("ready", flush=True)  # noqa: T201 - to whoever started this
    sys.stdin.readline()
    held = []
    while (element := database.get_next_queue_element(QUEUE)) is not None:
        held.append(element.reference)
        database.set_queue_element_status(element.id, done)
    print(json.dumps(held), flush=True)  # noqa: T201 - the answer
    sys.stdin.readline()  # until its processor time was read


def _robot(database: Any, log: str, point: str = "", nth: str = "0") -> None:
    """Take, do, finish; a robot that dies leaves behind what it had in its hands."""
    passed: Counter[str] = Counter()

    def at(name: str) -> None:
        passed[name] += 1
        if name == point and passed[name] == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    while (element := database.get_next_queue_element(QUEUE)) is not None:
        at("claimed")
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{element.reference}\n".encode())
        os.fsync(descriptor)
        os.close(descriptor)
        at("called")
        database.set_queue_element_status(element.id, _status("DONE"))


if __name__ == "__main__":
    main(*sys.argv[1:])
