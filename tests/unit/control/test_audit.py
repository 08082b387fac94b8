from __future__ import annotations

import httpx
import sqlalchemy as sa

from samdrift_platform.ledger.tables import audit_events
from samdrift_testing.control import Control


def test_the_newest_events_come_first(http: httpx.Client) -> None:
    http.post("/v1/links")
    events = http.get("/v1/audit").json()["events"]
    assert [event["action"] for event in events] == ["grant.link", "grant.token"]
    assert [event["seq"] for event in http.get("/v1/audit", params={"limit": 1}).json()["events"]] == [2]


def test_an_untouched_chain_is_intact(http: httpx.Client) -> None:
    http.post("/v1/links")
    found = http.get("/v1/audit/verification").json()
    assert (found["intact"], found["rows"], found["first_bad_seq"], found["why"]) == (True, 2, None, "")


def test_the_first_changed_event_is_named(plane: Control, http: httpx.Client) -> None:
    for _ in range(3):
        http.post("/v1/links")
    with plane.ledger.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_events_no_update")  # as somebody with the database's password
        connection.execute(sa.update(audit_events).where(audit_events.c.seq == 3).values(actor="mallory"))
    found = http.get("/v1/audit/verification").json()
    assert (found["intact"], found["rows"], found["first_bad_seq"]) == (False, 2, 3)
