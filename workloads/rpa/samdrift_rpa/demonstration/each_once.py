"""What a party's own log says: everything that the platform counts as done was done there, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from samdrift_platform.demonstration import Finding
from samdrift_rpa.loopback.log import Kind, Log


def each_once(what: str, keys: Iterable[str], expected: int, *, note: str) -> Finding:
    """Whether there are `expected` different `keys` and none of them twice."""
    times = Counter(keys)
    repeated = sum(1 for number in times.values() if number > 1)
    value = f"{len(times)} of {expected}" + (f", {repeated} MORE THAN ONCE" if repeated else "")
    return Finding(what=what, value=value, ok=len(times) == expected and not repeated, note=note)


def logged_once(what: str, log: Log, kind: Kind, expected: int) -> Finding:
    """The same for what `log` has of a kind."""
    after = sum(1 for fault in log.faults(kind) if fault.endswith("-after"))
    note = f"it failed {after} times after doing the work"
    return each_once(what, (entry.key for entry in log.entries(kind)), expected, note=note)
