"""The workload's pages inside the real control plane: who gets in, who may decide, and what stands in the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_mammography.workload import workload
from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.control.app import create_app
from samdrift_platform.ledger import audit, grants, migrations, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_registry.people import Role
from samdrift_testing.governing import opened
from samdrift_testing.in_process import InProcess, in_process
from samdrift_testing.screening import Centre

ADDRESS = "http://control.test"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
HIDDEN: dict[str, Any] = {"score": 10, "reading": "double, priority", "reasons": ["high-score"], "hide_score": True}


class Room:
    """A control plane with this workload, and browsers of several people."""

    def __init__(self, ledger: Ledger, transport: InProcess) -> None:
        self.centre = Centre(ledger)
        self.ledger = ledger
        self._transport = transport

    def browser(self, subject: str | None, **headers: str) -> httpx.Client:
        browser = httpx.Client(base_url=ADDRESS, transport=self._transport, headers={"Accept-Language": "en"} | headers)
        if subject is not None:
            with self.ledger.write() as connection:
                session = grants.issue(connection, GrantKind.SESSION, subject, now=datetime.now(UTC))
            browser.cookies.set(SESSION_COOKIE, session)
        return browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrations.upgrade(url)
    with closing(Ledger(url)) as ledger:
        app = create_app(Settings(home=tmp_path), workloads={workload.name: workload}, ledger=ledger)
        with in_process(app) as transport:
            yield Room(ledger, transport)


def test_a_stranger_sees_nothing_and_decides_nothing(room: Room) -> None:
    exam = room.centre.exam("1.2.3")
    with room.browser(None) as stranger:
        for path in (
            "/mammography/",
            "/mammography/worklist.csv",
            "/mammography/refused",
            f"/mammography/exams/{exam}",
        ):
            answer = stranger.get(path)
            assert answer.status_code == 401
            assert "1.2.3" not in answer.text
        posted = stranger.post(f"/mammography/exams/{exam}/reading", data={"decision": "recall"}, headers=SAME_SITE)
        assert posted.status_code == 401


def test_another_web_site_decides_nothing_in_a_readers_name(room: Room) -> None:
    exam = room.centre.exam("1.2.3")
    with room.browser("ann") as ann:
        path = f"/mammography/exams/{exam}/reading"
        for site in ("cross-site", "same-site"):
            answer = ann.post(path, data={"decision": "recall"}, headers={"Sec-Fetch-Site": site})
            assert answer.status_code == 403
        assert "Your decision" in ann.get(f"/mammography/exams/{exam}").text
        assert "points" not in ann.get(f"/mammography/exams/{exam}").text


def test_an_auditor_reads_everything_and_decides_nothing(room: Room, tmp_path: Path) -> None:
    exam = room.centre.exam("1.2.3")
    office = opened(room.ledger, tmp_path)
    office.governance.appoint("aida", [Role.AUDITOR], actor="operator", now=office.now)
    with room.browser("aida", **SAME_SITE) as aida:
        page = aida.get(f"/mammography/exams/{exam}").text
        assert "You may read everything here and record nothing." in page
        assert "/reading" not in page
        assert aida.post(f"/mammography/exams/{exam}/reading", data={"decision": "recall"}).status_code == 403
        assert "Your decision" in aida.get(f"/mammography/exams/{exam}").text


def test_a_day_of_two_readers_stands_in_the_audit_chain(room: Room) -> None:
    exam = room.centre.exam("1.2.3", **HIDDEN)
    with room.browser("ann", **SAME_SITE) as ann, room.browser("bo", **SAME_SITE) as bo:
        for reader in (ann, bo):
            page = reader.get("/mammography/").text
            assert str(exam) in page
            assert "10 of 10" not in page
            decided = reader.post(f"/mammography/exams/{exam}/reading", data={"decision": "recall"})
            assert decided.status_code == 303
            assert "10 of 10" in reader.get(decided.headers["location"]).text
        assert str(exam) not in bo.get("/mammography/").text
        assert str(exam) in bo.get("/mammography/?show=read").text
        assert "Exams read by two" in bo.get("/mammography/agreement").text
    with room.ledger.read() as connection:
        told = [each for each in audit.events_of(connection, f"item:{exam}") if each.action == "exam.read"]
        assert verification.verify(connection).intact
    assert [(each.actor, each.details["score_seen"]) for each in told] == [("ann", False), ("bo", False)]
    assert "recall" not in str([each.details for each in told])


@pytest.mark.parametrize("decision", ["", "maybe", "RECALL"])
def test_only_a_decision_is_recorded(room: Room, decision: str) -> None:
    exam = room.centre.exam("1.2.3")
    with room.browser("ann", **SAME_SITE) as ann:
        answer = ann.post(f"/mammography/exams/{exam}/reading", data={"decision": decision})
        assert answer.status_code == 422
        assert "button" in ann.get(f"/mammography/exams/{exam}").text
