"""One collection of a process: what it finds is submitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from samdrift_platform.errors import NotFoundError
from samdrift_rpa.process import Process
from samdrift_rpa.submission import MOST_CASES
from samdrift_rpa.triggers.submitting import Desk, DeskStore, submit


def collected(process: Process[Any, Any], name: str, desk: Desk) -> Sequence[str]:
    """Collect by the collection called `name`, and say in sentences what was found.

    Raises:
        NotFoundError: the process has no such collection.
    """
    collection = next((each for each in process.collections if each.name == name), None)
    if collection is None:
        raise NotFoundError(f"{process.name} collects nothing called {name!r}.")
    found, said = iter(collection.collect(DeskStore(desk))), []
    while cases := list(islice(found, MOST_CASES)):
        submission = submit(desk, process.name, cases, datetime.now(UTC))
        said.append(f"{process.name}: {len(cases)} cases were collected, submission {submission['id']}.")
    return said or [f"{process.name}: no case was found."]
