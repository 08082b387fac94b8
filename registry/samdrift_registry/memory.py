"""What the last scan saw in MLflow: with it the next one tells what changed, and leaves refused versions alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from samdrift_registry import durable
from samdrift_registry.catalogue import ListedVersion, Listing
from samdrift_registry.errors import MemoryUnreadableError
from samdrift_registry.events import Change, Departure, Refused

#: (name, version)
Key: TypeAlias = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """One version as it was last seen."""

    source: str
    run_id: str | None
    #: Why it was refused; None: it has a manifest.
    reason: str | None = None
    #: Scans that failed to take it in, so far.
    attempts: int = 0
    #: False while a later scan may still take it in.
    settled: bool = True
    #: MLflow no longer lists it.
    gone: bool = False

    @property
    def origin(self) -> str:
        """Source and run, for a person."""
        return f"{self.source} (run {self.run_id or 'none'})"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Every version that was ever dealt with, and the aliases as last seen."""

    versions: Mapping[Key, Remembered] = field(default_factory=dict)
    aliases: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Memory:
        """The memory in `path`, or an empty one; MemoryUnreadableError when it was damaged."""
        if not path.exists():
            return cls()
        try:
            return cls._parsed(json.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise MemoryUnreadableError.about(str(path)) from error

    def save(self, path: Path) -> None:
        """Put this memory in the place of the last one, in one step."""
        versions = [{"name": n, "version": v, **asdict(seen)} for (n, v), seen in sorted(self.versions.items())]
        aliases = [{"name": n, "alias": a, "version": v} for (n, a), v in sorted(self.aliases.items())]
        durable.replace(path, json.dumps({"versions": versions, "aliases": aliases}, indent=1).encode())

    def is_open(self, listed: ListedVersion) -> bool:
        """Whether a scan should try to take in this version: it is new, put off, or refused from another origin."""
        seen = self.versions.get((listed.name, listed.version))
        if seen is None or not seen.settled:
            return True
        return seen.reason is not None and (seen.source, seen.run_id) != (listed.source, listed.run_id)

    def attempts(self, listed: ListedVersion) -> int:
        """How many scans failed to take in this version."""
        seen = self.versions.get((listed.name, listed.version))
        return seen.attempts if seen and not seen.settled else 0

    def departures(self, listing: Listing) -> Iterator[Departure]:
        """How `listing` departs from what is remembered."""
        now = {(listed.name, listed.version): listed for listed in listing.versions}
        for key, seen in self.versions.items():
            if key in now:
                yield from _source_change(seen, now[key])
            elif not seen.gone:
                yield Departure(change=Change.VANISHED, name=key[0], version=key[1], was=seen.origin)
        yield from self._alias_changes(listing.aliases)

    def after(self, listing: Listing, taken: Mapping[Key, Refused | None]) -> Memory:
        """The memory once `listing` was seen, and the versions of `taken` were refused or (None) taken in."""
        now = {(listed.name, listed.version): listed for listed in listing.versions}
        versions = {key: replace(seen, gone=key not in now) for key, seen in self.versions.items()}
        for key in versions.keys() & now.keys():
            settled = not self.is_open(now[key])
            versions[key] = replace(versions[key], source=now[key].source, run_id=now[key].run_id, settled=settled)
        for key, refused in taken.items():
            versions[key] = _outcome(now[key], refused, self.attempts(now[key]) + 1)
        return Memory(versions=versions, aliases=dict(listing.aliases))

    def _alias_changes(self, now: Mapping[tuple[str, str], int]) -> Iterator[Departure]:
        known = {name for name, _ in self.versions}
        for name, alias in sorted(self.aliases.keys() | now.keys()):
            was, is_ = self.aliases.get((name, alias)), now.get((name, alias))
            if was != is_ and name in known:
                yield Departure(change=Change.ALIAS_MOVED, name=name, alias=alias, was=_text(was), now=_text(is_))

    @classmethod
    def _parsed(cls, document: dict[str, Any]) -> Memory:
        versions = {(row.pop("name"), row.pop("version")): Remembered(**row) for row in document["versions"]}
        aliases = {(row["name"], row["alias"]): row["version"] for row in document["aliases"]}
        return cls(versions=versions, aliases=aliases)


def _source_change(seen: Remembered, listed: ListedVersion) -> Iterator[Departure]:
    now = replace(seen, source=listed.source, run_id=listed.run_id)
    if now.origin != seen.origin:
        yield Departure(
            change=Change.SOURCE_CHANGED, name=listed.name, version=listed.version, was=seen.origin, now=now.origin
        )


def _outcome(listed: ListedVersion, refused: Refused | None, attempts: int) -> Remembered:
    return Remembered(
        source=listed.source,
        run_id=listed.run_id,
        reason=refused.reason if refused else None,
        attempts=attempts if refused else 0,
        settled=refused is None or refused.final,
    )


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
