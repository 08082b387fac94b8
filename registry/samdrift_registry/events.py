"""What a scan tells. An event may be told twice after a kill; it is never left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from samdrift_registry.catalogue import ListedVersion


@dataclass(frozen=True, kw_only=True)
class Found:
    """A version got its signed manifest and can be served from now on."""

    name: str
    version: int
    digest: str
    run_id: str | None
    #: MLflow's user name of who logged it; None: MLflow does not say.
    registered_by: str | None = None
    #: What MLflow's tags declare of it: legal basis, purpose and so on.
    declared: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} version {self.version} has a signed manifest: {self.digest}"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A version cannot be taken in."""

    name: str
    version: int
    #: For a person: which file, what is wrong with it, what to do.
    reason: str
    #: False when the next scan tries again, because the artefacts may just be out of reach.
    final: bool

    def __str__(self) -> str:
        return f"{self.name} version {self.version} is {'refused' if self.final else 'put off'}: {self.reason}"


class Change(StrEnum):
    """What changed in MLflow behind the registry's back. Nothing that is served changes with it."""

    #: The version was deleted; its files and manifest stay here.
    VANISHED = "vanished"
    #: The version names another source or run than when it was first seen.
    SOURCE_CHANGED = "source changed"
    #: An alias was set, moved or deleted.
    ALIAS_MOVED = "alias moved"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """MLflow departs from what the last scan saw. It is reported, and never acted on."""

    change: Change
    name: str
    #: None when it is about an alias.
    version: int | None = None
    alias: str | None = None
    #: Source and run, or the alias's version; None: there was, or is, none.
    was: str | None = None
    now: str | None = None

    def __str__(self) -> str:
        what = f"alias {self.alias!r} moved" if self.alias else f"version {self.version} {self.change.value}"
        return f"{self.name} {what} in MLflow: {self.was or 'nothing'} -> {self.now or 'nothing'}"


Event: TypeAlias = Found | Refused | Departure


@dataclass(frozen=True, kw_only=True)
class Scan:
    """All that one scan told."""

    found: tuple[Found, ...] = ()
    refused: tuple[Refused, ...] = ()
    departures: tuple[Departure, ...] = ()
    #: New versions that the next scan will take, because this one was bounded.
    waiting: tuple[ListedVersion, ...] = ()
