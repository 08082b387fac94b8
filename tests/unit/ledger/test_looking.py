from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from samdrift_platform.ledger import audit, looking, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_testing import asking
from samdrift_testing.work import NOW

LETTER, ENCLOSURE = ("sha256:" + digit * 64 for digit in "ab")


def look(ledger: Ledger, item: UUID, reference: str = LETTER, actor: str = "karen", at: datetime = NOW) -> bool:
    with ledger.write() as connection:
        return looking.seen(connection, item, reference, actor=actor, now=at)


def test_each_look_is_one_event_of_who_saw_what(sqlite_ledger: Ledger) -> None:
    item = asking.ask(sqlite_ledger)
    second = timedelta(seconds=1)
    looks = [
        look(sqlite_ledger, item),
        look(sqlite_ledger, item, at=NOW + second),  # the picture in the page
        look(sqlite_ledger, item, actor="lars", at=NOW + second),
        look(sqlite_ledger, item, ENCLOSURE, at=NOW + second),
        look(sqlite_ledger, item, at=NOW + looking.ONE_LOOK),
        look(sqlite_ledger, item, at=NOW - second),  # a clock that was set back hides nothing
    ]
    assert looks == [True, False, True, True, True, True]
    with sqlite_ledger.read() as connection:
        events = [each for each in audit.events_of(connection, f"item:{item}") if each.action == "document.seen"]
        assert verification.verify(connection).intact
    assert [(each.actor, each.details["object"]) for each in events] == [
        ("karen", LETTER), ("lars", LETTER), ("karen", ENCLOSURE), ("karen", LETTER), ("karen", LETTER)
    ]  # fmt: skip
