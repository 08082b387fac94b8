"""A listening intake over a ledger and a store of its own, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from samdrift_mammography.intake.dimse import Entity, Listener, Service
from samdrift_mammography.intake.limits import Limits
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.tables import images, quarantine
from samdrift_platform.contract import Store
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore

#: Who may send to a desk in tests: DCMTK's programs by their own names, Orthanc, and the peer on a raw socket.
CALLING = ("MODALITY1", "STORESCU", "DCMSEND", "ECHOSCU", "MOVESCU", "TESTPACS")
#: Short waits, so that a test of a slow peer is quick.
QUICK = Limits(association_s=2.0, pdu_s=2.0, idle_s=5.0, message_s=6.0, message_bytes=2**20, in_flight_bytes=2**22)


@dataclass(frozen=True, kw_only=True)
class ListeningDesk:
    """Where a test sends to, and what it looks at afterwards."""

    listener: Listener
    ledger: Ledger
    store: Store

    @property
    def port(self) -> int:
        return self.listener.port

    def held(self) -> dict[str, bytes]:
        """SOP Instance UID -> bytes, of every image that is on an exam."""
        return held(self.ledger, self.store)

    def set_aside(self) -> list[tuple[str, bytes]]:
        """Code and bytes of every file in quarantine."""
        with self.ledger.read() as connection:
            rows = connection.execute(sa.select(quarantine.c.code, quarantine.c.object)).all()
        return [(code, self.store.get(reference)) for code, reference in rows]

    def sources(self) -> set[str]:
        with self.ledger.read() as connection:
            return set(connection.execute(sa.select(images.c.source)).scalars())


def held(ledger: Ledger, store: Store) -> dict[str, bytes]:
    """SOP Instance UID -> bytes, of every image that is on an exam in this ledger."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(images.c.sop_instance_uid, images.c.object)).all()
    return {uid: store.get(reference) for uid, reference in rows}


@contextmanager
def listening_desk(
    ledger_url: str,
    folder: Path,
    *,
    limits: Limits = QUICK,
    store: Store | None = None,
    services: Sequence[Service] = (),
    calling: Sequence[str] = CALLING,
) -> Iterator[ListeningDesk]:
    """Listens on a free port of the loopback address; objects lie in `folder` unless there is a `store`."""
    kept = store or ObjectStore(f"file://{folder / 'objects'}")
    entity = Entity(host="127.0.0.1", port=0, ae_title="SAMDRIFT", calling_ae_titles=tuple(calling))
    with closing(Ledger(ledger_url)) as ledger:
        listener = Listener(entity, Desk(ledger=ledger, store=kept), services=services, limits=limits)
        with listener:
            yield ListeningDesk(listener=listener, ledger=ledger, store=kept)


def generous(limits: Limits = QUICK) -> Limits:
    """The same with waits that no busy machine comes near."""
    return replace(limits, association_s=30.0, pdu_s=30.0, idle_s=60.0, message_s=600.0)
