"""The demonstration of the automation workload: each process's part, one module a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from samdrift_platform.demonstration import Finding, Service, ShippedModel

if TYPE_CHECKING:
    from samdrift_platform.client import Client

#: Modules of this package, in the order of the summary. Each offers what `Part` says.
PARTS = ("invoices", "digital_post", "driving_licence")


class Part(Protocol):
    """What a process's module offers."""

    def services(self, folder: Path) -> Iterable[Service]:
        """Loopback parties, whose logs lie in `folder`."""
        ...

    def submit(self, client: Client, folder: Path) -> Sequence[str]:
        """Send the process's cases; the submissions' ids."""
        ...

    def findings(self, client: Client, folder: Path) -> Iterable[Finding]:
        """What became of them."""
        ...


class RobotDemonstration:
    """A few cases of each process, among them some that are sent twice and some that need a person."""

    name = "rpa"

    def models(self) -> Iterable[ShippedModel]:
        """Those that a process's module ships: its `models`, where it has them."""
        for part in self._parts():
            yield from getattr(part, "models", tuple)()

    def services(self, folder: Path) -> Iterable[Service]:
        """All parties outside."""
        for part in self._parts():
            yield from part.services(folder)

    def submit(self, client: Client, folder: Path) -> Sequence[str]:
        """Every process's cases."""
        return [submission for part in self._parts() for submission in part.submit(client, folder)]

    def findings(self, client: Client, folder: Path) -> Iterable[Finding]:
        """Every process's lines of the summary."""
        for part in self._parts():
            yield from part.findings(client, folder)

    def _parts(self) -> Iterator[Part]:
        for name in PARTS:
            yield cast(Part, import_module(f"{__name__}.{name}"))


demonstration = RobotDemonstration()
