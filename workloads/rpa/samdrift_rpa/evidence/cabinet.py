"""Where evidence is kept: encrypted in the object store, with a row that says until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.evidence import piece
from samdrift_rpa.evidence.keys import EvidenceKeys
from samdrift_rpa.evidence.piece import Kind, Piece
from samdrift_rpa.web.recording import Seen

log = structlog.get_logger(__name__)


class Cabinet(Protocol):
    """Whoever keeps evidence."""

    def keep(self, effect_key: UUID, receiver: str, seen: Seen) -> None:
        """Keep what was seen of one form."""
        ...


class EvidenceCabinet:
    """The installation's own."""

    def __init__(self, ledger: Ledger, objects: ObjectStore, keys: EvidenceKeys, *, kept_for: timedelta) -> None:
        """`kept_for` is the process's `Retention.evidence`."""
        self._ledger, self._objects, self._keys, self._kept_for = ledger, objects, keys, kept_for

    def keep(self, effect_key: UUID, receiver: str, seen: Seen, *, now: datetime | None = None) -> None:
        """Encrypt and store it. That it cannot be stored changes nothing about the form, so it is only logged."""
        now = now or datetime.now(UTC)
        try:
            pieces = [
                self._store(effect_key, receiver, kind, content, seen.failed, now)
                for kind, content in ((Kind.PICTURE, seen.picture), (Kind.TRACE, seen.trace))
                if content
            ]
            with self._ledger.write() as connection:
                piece.add(connection, pieces)
        except SamdriftError as error:
            log.warning("evidence was not kept", receiver=receiver, why=error.message)

    def _store(self, effect_key: UUID, receiver: str, kind: Kind, content: bytes, failed: bool, now: datetime) -> Piece:
        return Piece(
            id=uuid4(),
            effect_key=effect_key,
            receiver=receiver,
            kind=kind,
            object=self._objects.put(self._keys.encrypt(content)),
            key=self._keys.newest,
            failed=failed,
            made_at=now,
            expires_at=now + self._kept_for,
        )


def cabinet(kept_for: timedelta) -> Callable[[], EvidenceCabinet]:
    """Makes the cabinet of this process's settings when it is first needed, and gives the same one from then on."""

    @cache
    def make() -> EvidenceCabinet:
        from samdrift_platform.settings import load

        settings = load()
        return EvidenceCabinet(
            Ledger(settings.ledger_url),
            ObjectStore(settings.objects_url),
            EvidenceKeys(settings.home),
            kept_for=kept_for,
        )

    return make
