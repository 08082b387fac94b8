"""The processes that are installed, by entry point: ours and other people's are found in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from samdrift_platform.errors import NotFoundError
from samdrift_rpa.process import Process

#: Entry points whose value is a `Process`.
GROUP = "samdrift.processes"


@cache
def installed() -> Mapping[str, Process[Any, Any]]:
    """Name -> process, in the order of their names."""
    found = [point.load() for point in entry_points(group=GROUP)]
    return {process.name: process for process in sorted(found, key=lambda process: str(process.name))}


def process_called(name: str) -> Process[Any, Any]:
    """The process called `name`; NotFoundError lists those that are installed."""
    found = installed()
    if name not in found:
        raise NotFoundError(f"There is no process {name!r} here. Installed: {', '.join(found) or 'none'}.")
    return found[name]
