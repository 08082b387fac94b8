"""Receiving one image, whichever way it came: durable before it is acknowledged, and never twice.

The bytes go to the object store as they came, then a row says so, in one transaction; only then does the sender hear
"success". No pixel is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_mammography import settings
from samdrift_mammography.dicom import Header, read_header
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.exam import Image
from samdrift_mammography.intake.completeness import open_exam
from samdrift_mammography.intake.content import same_content
from samdrift_mammography.tables import images, quarantine
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger, insert_new
from samdrift_platform.objects import Store

CONFLICTING_COPIES = "conflicting-copies"


class Receipt(StrEnum):
    """What became of a received file. Each of them is an acknowledgement: the bytes are kept."""

    #: It is new, and belongs to an exam now.
    TAKEN = "taken"
    #: The same image under the same identifier was here before.
    KNOWN = "known"
    #: Kept aside with a code: another image under a known identifier, or nothing that an exam can be made of.
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class Received:
    """The answer about one file."""

    receipt: Receipt
    #: Reference of the bytes in the object store.
    object: str
    #: Empty when the file does not say.
    sop_instance_uid: str = ""
    #: Why it is in quarantine, as a code of `reasons`; empty otherwise.
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where images arrive: one for each process that receives any; its threads may share it."""

    ledger: Ledger
    store: Store
    #: How long an exam waits for its missing views after its newest image.
    quiet: timedelta = field(default_factory=settings.quiet)

    def receive(self, data: bytes, *, source: str, now: datetime) -> Received:
        """Keep `data`, a DICOM Part 10 file as it came, and say what became of it.

        Raises:
            UnavailableError: it could not be made durable, so nothing is acknowledged; the sender tries again.
        """
        reference = self.store.put(data)
        try:
            header = read_header(data)
        except UnreadableFileError as error:
            return self._set_aside(reference, "", error.code, source=source, now=now)
        known = self._take(Image(object=reference, header=header), source=source, now=now)
        uid = header.sop_instance_uid
        if known is None:
            return Received(receipt=Receipt.TAKEN, object=reference, sop_instance_uid=uid)
        if known == reference or self._holds_same(known, data):
            return Received(receipt=Receipt.KNOWN, object=known, sop_instance_uid=uid)
        return self._set_aside(reference, uid, CONFLICTING_COPIES, source=source, now=now)

    def _take(self, image: Image, *, source: str, now: datetime) -> str | None:
        """Record a new image and open its exam; the object that holds its identifier already, if one does."""
        with self.ledger.write() as connection:
            if _record(connection, image, source=source, now=now):
                open_exam(connection, image, quiet=self.quiet, now=now)
                return None
            uid = image.header.sop_instance_uid
            holder = sa.select(images.c.object).where(images.c.sop_instance_uid == uid)
            return str(connection.execute(holder).scalar_one())

    def _holds_same(self, known: str, data: bytes) -> bool:
        try:
            return same_content(self.store.get(known), data)
        except NotFoundError:  # lost or changed in the store: nobody can tell, so these bytes are kept as well
            return False

    def _set_aside(self, reference: str, uid: str, code: str, *, source: str, now: datetime) -> Received:
        row = {"object": reference, "sop_instance_uid": uid, "code": code, "source": source, "received_at": now}
        with self.ledger.write() as connection:
            insert_new(connection, quarantine, [row])
        return Received(receipt=Receipt.QUARANTINED, object=reference, sop_instance_uid=uid, code=code)


def _record(connection: sa.Connection, image: Image, *, source: str, now: datetime) -> bool:
    """Insert the image's row; False when its identifier is there. Of two at once, one waits here for the other."""
    header: Header = image.header
    row = {
        "sop_instance_uid": header.sop_instance_uid,
        "object": image.object,
        "exam": header.exam,
        "view": header.view,
        "problems": list(image.problems),
        "subject": header.subject,
        "source": source,
        "received_at": now,
    }
    statement = _insert(connection, images).values(row).on_conflict_do_nothing(index_elements=["sop_instance_uid"])
    return connection.execute(statement.returning(images.c.seq)).first() is not None


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Both dialects have ON CONFLICT, each in a class of its own."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
