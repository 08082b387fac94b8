"""Removes evidence whose time is over: the platform's retention run asks for it."""

from __future__ import annotations

from datetime import datetime

from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.evidence import piece

#: Pieces in one transaction.
_AT_A_TIME = 200


def erase_expired(ledger: Ledger, objects: ObjectStore, *, now: datetime, dry_run: bool = False) -> int:
    """Remove each piece's object and then its row; how many, which with `dry_run` all stay.

    In this order a run that is killed leaves rows without objects, and the next one removes those. No two pieces share
    an object: what is encrypted twice is never the same.
    """
    number = 0
    while True:
        with ledger.read() as connection:
            due = piece.expired(connection, now=now, limit=_AT_A_TIME, offset=number if dry_run else 0)
        if not due:
            return number
        number += len(due)
        if dry_run:
            continue
        for each in due:
            objects.remove(each.object)
        with ledger.write() as connection:
            piece.forget(connection, due)
