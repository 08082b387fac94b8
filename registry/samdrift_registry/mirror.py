"""Shows in MLflow, as aliases, what is deployed. Nothing is served by an alias: it is written here and never obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from samdrift_registry import durable
from samdrift_registry.catalogue import Listing, MlflowCatalogue
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import MemoryUnreadableError, MlflowUnavailableError
from samdrift_registry.events import Change, Departure

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: (model, alias)
Key: TypeAlias = tuple[str, str]


class Aliases(Protocol):
    """MLflow's aliases."""

    def listing(self) -> Listing:
        """All versions and aliases; MlflowUnavailableError when it cannot be told."""

    def point(self, name: str, alias: str, version: int | None) -> None:
        """Set an alias, or (None) take it away; MlflowUnavailableError when that cannot be done."""


class MlflowAliases(MlflowCatalogue):
    """Of an MLflow tracking server, or of its database without a server."""

    def __init__(self, tracking_uri: str) -> None:
        super().__init__(tracking_uri)
        self._tracking_uri = tracking_uri

    def point(self, name: str, alias: str, version: int | None) -> None:
        """Set an alias, or (None) take it away.

        Raises:
            MlflowUnavailableError: MLflow does not answer, or the version was deleted a moment ago.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if version is None:
                self._writer.delete_registered_model_alias(name, alias)
            else:
                self._writer.set_registered_model_alias(name, alias, str(version))
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise MlflowUnavailableError.about(str(error)) from error

    @cached_property
    def _writer(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._tracking_uri, registry_uri=self._tracking_uri)


@dataclass(frozen=True)
class Shown:
    """What the mirror itself may have written: two values while it is writing, one afterwards; None is no alias."""

    ours: Mapping[Key, tuple[int | None, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path) -> Shown:
        """What was kept below `home`; MemoryUnreadableError when the file was damaged."""
        path = _path(home)
        if not path.exists():
            return cls()
        try:
            rows = json.loads(path.read_bytes())
            return cls({(row["name"], row["alias"]): tuple(row["versions"]) for row in rows})
        except (ValueError, KeyError, TypeError) as error:
            raise MemoryUnreadableError.about(str(path)) from error

    def save(self, home: Path) -> None:
        """Put this in the place of what was kept, in one step."""
        rows = [{"name": n, "alias": a, "versions": list(v)} for (n, a), v in sorted(self.ours.items())]
        durable.replace(_path(home), json.dumps(rows, indent=1).encode())

    def having(self, key: Key, *versions: int | None) -> Shown:
        """This, with `versions` for `key`."""
        return Shown({**self.ours, key: versions})

    @property
    def models(self) -> frozenset[str]:
        """Models whose aliases the mirror looks after, and tells about."""
        return frozenset(name for name, _ in self.ours)


class Mirror:
    """Keeps `champion`, `canary` and `shadow` of every model that was ever deployed at what is deployed.

    A model that was never deployed here is left alone: its aliases may be somebody else's. A deployed version that was
    deleted in MLflow cannot carry an alias; it is served from our copy all the same.
    """

    def __init__(self, tracking_uri: str, home: Path, *, aliases: Aliases | None = None) -> None:
        self._aliases = aliases or MlflowAliases(tracking_uri)
        self._home = home

    def reflect(
        self, deployed: Mapping[tuple[str, Slot], int], tell: Callable[[Departure], None]
    ) -> tuple[Departure, ...]:
        """Tell which aliases somebody else moved, and put them where they belong. Killed at any moment, do it again.

        Args:
            deployed: (model, slot) -> version that serves there.
            tell: called with each departure before the alias is put back; if it fails, the next turn tells again.

        Raises:
            MlflowUnavailableError: MLflow does not answer; the next turn goes on.
            MemoryUnreadableError: what was written last cannot be read.
        """
        with durable.exclusive(self._home / "registry" / "lock"):
            shown, listing = Shown.load(self._home), self._aliases.listing()
            told = []
            for key, version in sorted(_wanted(deployed, listing, shown), key=lambda pair: pair[0]):
                now = listing.aliases.get(key)
                if departure := _departure(key, now, version, shown):
                    tell(departure)
                    told.append(departure)
                shown = self._show(key, now, version, shown)
        return tuple(told)

    def _show(self, key: Key, now: int | None, version: int | None, shown: Shown) -> Shown:
        """Both values are kept before the write: whichever a kill leaves is then known as ours."""
        if now != version:
            shown = shown.having(key, now, version)
            shown.save(self._home)
            self._aliases.point(*key, version)
        if shown.ours.get(key) != (version,):
            shown = shown.having(key, version)
            shown.save(self._home)
        return shown


def _wanted(
    deployed: Mapping[tuple[str, Slot], int], listing: Listing, shown: Shown
) -> Iterator[tuple[Key, int | None]]:
    """Each alias that is looked after, and the version that it should have."""
    there = {(listed.name, listed.version) for listed in listing.versions}
    for name in {name for name, _ in deployed} | shown.models:
        for slot in Slot:
            version = deployed.get((name, slot))
            yield (name, str(slot)), version if version is not None and (name, version) in there else None


def _departure(key: Key, now: int | None, wanted: int | None, shown: Shown) -> Departure | None:
    """None when the alias is where it belongs, or where the mirror put it, or the deleted version took it along."""
    ours = shown.ours.get(key, (None,))
    if now == wanted or now in ours:
        return None
    return Departure(change=Change.ALIAS_MOVED, name=key[0], alias=key[1], was=_text(ours[-1]), now=_text(now))


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)


def _path(home: Path) -> Path:
    return home / "registry" / "aliases.json"
