"""Finds what was logged with the plain MLflow client, copies it, signs it, and tells what changed since."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from samdrift_registry.catalogue import Catalogue, ListedVersion, Listing, MlflowCatalogue
from samdrift_registry.copying import Limits
from samdrift_registry.durable import DRAFTS, exclusive, sync_folder
from samdrift_registry.errors import NotAcceptedError, ReusedVersionError, UnreadableArtefactError, VerificationError
from samdrift_registry.events import Departure, Event, Found, Refused, Scan
from samdrift_registry.formats import check_contents
from samdrift_registry.inventory import digest_of, inventory
from samdrift_registry.keys import SigningKey, signing_key
from samdrift_registry.manifest import Manifest, sign
from samdrift_registry.memory import Memory
from samdrift_registry.mirror import Shown
from samdrift_registry.origin import Origin, describe
from samdrift_registry.store import ManifestStore


def _silent(_: Event) -> None: ...


class Reconciler:
    """Brings the registry's home in line with MLflow, one `scan` after the other.

    Each step of a scan is whole or not there, and each is found done by the next scan, so a kill at any
    moment costs nothing but the time. Scans of several processes wait for each other.
    """

    def __init__(
        self, tracking_uri: str, home: Path, *, catalogue: Catalogue | None = None, limits: Limits | None = None
    ) -> None:
        self._catalogue = catalogue or MlflowCatalogue(tracking_uri)
        self._limits = limits or Limits()
        self._store = ManifestStore(home)
        self._staging = home / "registry" / "staging"
        self._memory = home / "registry" / "seen.json"
        self._lock = home / "registry" / "lock"

    def scan(self, tell: Callable[[Event], None] = _silent) -> Scan:
        """Take in the versions without a manifest, at most `limits.versions`, and compare the rest with last time.

        Args:
            tell: called with each event before it is remembered: when it fails or the process is killed, the
                next scan tells the same again. Write to the ledger here.

        Raises:
            MlflowUnavailableError: MLflow does not answer; nothing changed.
            OutOfSpaceError: no room for the files; what was signed before stays signed.
            KeyExposedError, KeyUnreadableError, UnknownKeyError: nothing can be signed; nothing changed.
            MemoryUnreadableError: what the last scan saw is damaged.
        """
        with exclusive(self._lock):
            key = signing_key(self._store.keys_folder)
            memory, listing = Memory.load(self._memory), self._catalogue.listing()
            self._clear()
            departures = tuple(self._departures(memory, listing))
            waiting = [listed for listed in listing.versions if memory.is_open(listed)]
            turn = sorted(waiting, key=lambda listed: (memory.attempts(listed), listed.name, listed.version))
            outcomes = [self._take(listed, key, memory) for listed in turn[: self._limits.versions]]
            for event in (*departures, *outcomes):
                tell(event)
            taken = {(o.name, o.version): o if isinstance(o, Refused) else None for o in outcomes}
            memory.after(listing, taken).save(self._memory)
        return Scan(
            found=tuple(o for o in outcomes if isinstance(o, Found)),
            refused=tuple(o for o in outcomes if isinstance(o, Refused)),
            departures=departures,
            waiting=tuple(turn[self._limits.versions :]),
        )

    def refusals(self) -> tuple[Refused, ...]:
        """All versions that are refused or put off, with the reason, as of the last scan."""
        return tuple(
            Refused(name=name, version=version, reason=seen.reason, final=seen.settled)
            for (name, version), seen in sorted(Memory.load(self._memory).versions.items())
            if seen.reason is not None
        )

    def _departures(self, memory: Memory, listing: Listing) -> Iterator[Departure]:
        """What changed, without the aliases that the mirror writes, and tells about when others do."""
        mirrored = Shown.load(self._store.home).ours
        return (each for each in memory.departures(listing) if (each.name, each.alias) not in mirrored)

    def _take(self, listed: ListedVersion, key: SigningKey, memory: Memory) -> Found | Refused:
        try:
            manifest = self._manifest(listed, key)
        except (NotAcceptedError, VerificationError) as error:
            final = not isinstance(error, UnreadableArtefactError)
            final = final or memory.attempts(listed) + 1 >= self._limits.attempts
            return Refused(name=listed.name, version=listed.version, reason=error.message, final=final)
        return Found(
            name=listed.name,
            version=listed.version,
            digest=manifest.digest,
            run_id=manifest.run_id,
            registered_by=manifest.origin.registered_by,
            declared=manifest.origin.declared,
        )

    def _manifest(self, listed: ListedVersion, key: SigningKey) -> Manifest:
        if (there := self._store.find(listed.name, listed.version)) is not None:
            return _same_origin(there.manifest, listed)
        with self._staged() as staging:
            self._catalogue.fetch(listed, staging, self._limits)
            manifest = _manifest_of(listed, staging, self._catalogue.origin(listed))
            self._publish(staging, self._store.folder(manifest.digest))
        self._store.add(sign(manifest, key))
        return manifest

    @contextmanager
    def _staged(self) -> Iterator[Path]:
        """An empty folder beside the models' own; what is still in it afterwards is removed."""
        staging = self._staging / uuid4().hex
        staging.mkdir(parents=True)
        try:
            yield staging
        finally:
            if staging.exists():
                shutil.rmtree(staging)

    def _publish(self, staging: Path, folder: Path) -> None:
        """One rename puts all files there. A folder of that digest that is there already stays as it is."""
        folder.parent.mkdir(exist_ok=True)
        if not folder.exists():
            staging.rename(folder)
            sync_folder(folder.parent)
        # After the rename: moving a folder that is read-only is not allowed everywhere.
        for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            path.chmod(0o555)

    def _clear(self) -> None:
        """Remove what a killed scan left half-written; the lock says that no scan is using it."""
        if self._staging.exists():
            shutil.rmtree(self._staging)
        for draft in (*self._memory.parent.glob(DRAFTS), *self._store.home.glob(f"manifests/*/{DRAFTS}")):
            draft.unlink()


def _manifest_of(listed: ListedVersion, folder: Path, origin: Origin) -> Manifest:
    files, kind = inventory(folder), check_contents(folder)
    return Manifest(
        name=listed.name,
        version=listed.version,
        source=listed.source,
        run_id=listed.run_id,
        created_at=datetime.now(UTC),
        files=files,
        digest=digest_of(files),
        origin=origin,
        description=describe(folder, kind),
    )


def _same_origin(manifest: Manifest, listed: ListedVersion) -> Manifest:
    """A scan that was killed before it could remember signed it; unless the number now means something else."""
    if (manifest.source, manifest.run_id) != (listed.source, listed.run_id):
        raise ReusedVersionError.about(f"{listed.source} (run {listed.run_id or 'none'})")
    return manifest
