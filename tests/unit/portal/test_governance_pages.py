"""The pages of governance, on a real ledger: what they show, and to whom they offer what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_platform.contract import Outcome, Verdict
from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import endings, queue
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.grants import GrantKind
from samdrift_registry.people import Role
from samdrift_registry.proof import report_path
from samdrift_testing.control import Control, control
from samdrift_testing.governing import FACTS, Office, opened
from samdrift_testing.tallying import document
from samdrift_water.browsing import Outline

AT = "/models/oracle/1"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Control]:
    with control(tmp_path) as running:
        yield running


@pytest.fixture
def office(plane: Control) -> Office:
    return opened(plane.ledger, plane.settings.home, now=datetime.now(UTC))


@pytest.fixture
def browser(plane: Control) -> Any:
    """Opens a browser in which a person is signed in."""

    def signed_in(person: str, language: str = "en") -> httpx.Client:
        cookie = f"{SESSION_COOKIE}={plane.grant(GrantKind.SESSION, person)}"
        accept = {"Accept": "text/html", "Accept-Language": language}
        return plane.http(Cookie=cookie, **accept, **SAME_ORIGIN)

    return signed_in


def forms(text: str) -> set[str]:
    page = Outline(text)
    actions = [*(form.attributes["action"] for form in page.all("form"))]
    actions += [button.attributes["formaction"] for button in page.all("button") if "formaction" in button.attributes]
    return {str(action).rpartition("/")[2] for action in actions} - {"sign-out"}


def hidden(text: str) -> dict[str, str]:
    fields = [one.attributes for one in Outline(text).all("input") if one.attributes.get("type") == "hidden"]
    return {str(one["name"]): str(one["value"]) for one in fields if one["name"] in ("digest", "report", "declaration")}


def decided(plane: Control) -> str:
    with plane.signed_in() as http:
        http.post("/v1/workloads/tallying/submissions", json={"reference": "monday", "document": document(7)})
        now = datetime.now(UTC)
        with plane.ledger.write() as connection:
            (claim,) = queue.claim(
                connection, workload="tallying", worker="w", limit=1, lease=timedelta(seconds=9), now=now
            )
            outcome = Outcome(reference=claim.reference, verdict=Verdict.DONE, result={"number": 14})
            done = Completion(outcome=outcome, scores={"fields": 1.0})
            endings.complete(connection, "tallying", [(claim, done)], now=now)
        return str(http.get("/v1/items").json()["items"][0]["id"])


def test_without_models_the_page_says_where_they_come_from(plane: Control, browser: Any) -> None:
    with browser("auditor") as http:
        assert "Log one with MLflow" in http.get("/models").text
        assert http.get("/models/none").status_code == 404
        assert "No alarm is open." in http.get("/alarms").text


def test_every_page_in_both_languages_is_well_made(plane: Control, office: Office, browser: Any) -> None:
    office.serve(1)
    office.approved(2)
    office.governance.shadow("oracle", 2, "compare", actor="operator", now=office.now)
    office.register(3)
    office.governance.alarm("model:oracle/1", "drift", "Other numbers.", {"psi": 0.3}, actor="watch", now=office.now)
    office.governance.stop("tallying", "It counts wrong.", actor="clara", now=office.now)
    item = decided(plane)
    paths = ("/models", "/models/oracle", "/models/oracle/1", "/models/oracle/2", "/models/oracle/3", "/alarms",
             f"/items/{item}/evidence", f"/items/{item}", "/")  # fmt: skip
    for language in ("da", "en"):
        for person in ("operator", "clara", "tim", "dora", "someone"):
            with browser(person, language) as http:
                for path in paths:
                    answer = http.get(path)
                    assert answer.status_code == 200, (path, answer.text[-800:])
                    check(answer.text)


def check(text: str) -> None:
    page = Outline(text)
    assert len(page.all("h1")) == 1
    assert not [
        one for one in page.elements if "style" in one.attributes or any(a.startswith("on") for a in one.attributes)
    ]
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [str(one.attributes["id"]) for one in page.elements if "id" in one.attributes]
    assert sorted(set(ids)) == sorted(ids)
    labelled = {one.attributes.get("for") for one in page.all("label")}
    fields = [one for one in (*page.all("input"), *page.all("select")) if one.attributes.get("type") != "hidden"]
    assert {one.attributes["id"] for one in fields} == labelled


def test_a_version_is_evaluated_declared_approved_by_two_and_promoted(
    plane: Control, office: Office, browser: Any
) -> None:
    office.register()
    office.evaluate()
    with browser("dora") as http:
        assert "<strong>not declared</strong>" in http.get(AT).text
        sent = http.post(f"{AT}/declare", data={f"fact-{name}": text for name, text in FACTS.items()})
        assert (sent.status_code, sent.headers["location"]) == (303, f"{AT}?done=declared")
        assert "The declaration is signed." in http.get(sent.headers["location"]).text
    for person, role in (("clara", "clinical"), ("tim", "technical")):
        with browser(person) as http:
            page = http.get(AT).text
            assert "approve" in forms(page)
            sent = http.post(f"{AT}/approve", data={"role": role, "typed": "oracle 1", "note": "", **hidden(page)})
            assert sent.headers["location"] == f"{AT}?done=approved"
            again = http.get(AT).text
            assert "approve" not in forms(again)
            assert "withdraw" in forms(again)
    with browser("operator") as http:
        assert "Nothing: it can be deployed." in http.get(AT).text
        assert http.post(f"{AT}/promote", data={"reason": "good"}).status_code == 303
        assert "Champion since" in http.get(AT).text


def test_the_confirmation_must_be_typed_and_what_was_seen_must_be_current(
    plane: Control, office: Office, browser: Any
) -> None:
    office.register()
    office.evaluate()
    office.declare()
    with browser("clara") as http:
        seen = hidden(http.get(AT).text)
        wrong = http.post(f"{AT}/approve", data={"role": "clinical", "typed": "oracle 2", **seen})
        assert (wrong.status_code, "Type oracle 1 to approve it" in wrong.text) == (422, True)
        office.declare(facts=FACTS | {"purpose": "another"})
        stale = http.post(f"{AT}/approve", data={"role": "clinical", "typed": "oracle 1", **seen})
        assert (stale.status_code, "Look again" in stale.text) == (409, True)
    assert office.governance.standing("oracle", 1).approvals == ()


def test_who_registered_a_version_is_told_that_they_cannot_approve_it(
    plane: Control, office: Office, browser: Any
) -> None:
    office.governance.appoint("dora", [Role.TECHNICAL], actor="operator", now=office.now)
    office.register()
    office.evaluate()
    office.declare()
    with browser("dora") as http:
        page = http.get(AT).text
        assert "approve" not in forms(page)
        assert "they registered the version themselves" in page
        data = {"role": "technical", "typed": "oracle 1", **vars(office.seen())}
        answer = http.post(f"{AT}/approve", data=data)
        assert (answer.status_code, "registered the version themselves" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("person", "offered"),
    [
        ("operator", {"declare", "promote", "retire", "canary", "shadow"}),
        ("tim", {"declare", "promote", "retire", "canary", "shadow", "withdraw"}),
        ("clara", {"declare", "retire", "withdraw"}),
        ("dora", {"declare"}),
        ("someone", set()),
    ],
)
def test_a_page_offers_what_the_readers_roles_allow(
    plane: Control, office: Office, browser: Any, person: str, offered: set[str]
) -> None:
    office.approved()
    with browser(person) as http:
        assert forms(http.get(AT).text) == offered


def test_a_form_that_was_not_offered_is_refused_and_names_the_role(
    plane: Control, office: Office, browser: Any
) -> None:
    office.approved()
    with browser("dora") as http:
        answer = http.post(f"{AT}/promote", data={"reason": "mine"})
        assert answer.status_code == 403
        assert "role operator or technical" in answer.text
    with plane.http(Cookie=f"{SESSION_COOKIE}={plane.grant(GrantKind.SESSION, 'operator')}") as elsewhere:
        assert elsewhere.post(f"{AT}/promote", data={"reason": "x"}).status_code == 403


def test_refusals_leave_the_reader_on_the_page(plane: Control, office: Office, browser: Any) -> None:
    office.serve()
    with browser("operator") as http:
        for path, data in (
            (f"{AT}/retire", {"reason": "old"}),
            (f"{AT}/canary", {"reason": "x", "share": "100"}),
            (f"{AT}/promote", {}),
            ("/models/oracle/rollback", {"to": "7", "reason": "x"}),
        ):
            answer = http.post(path, data=data)
            if path.endswith("promote"):
                assert answer.status_code == 303, "it is champion already"
            else:
                assert "That was not done" in answer.text
                assert answer.status_code in (409, 422)


def test_rolling_back_and_clearing_from_the_pages(plane: Control, office: Office, browser: Any) -> None:
    office.serve(1)
    office.serve(2)
    with browser("clara") as http:
        assert forms(http.get("/models/oracle").text) == {"rollback"}
        sent = http.post("/models/oracle/rollback", data={"to": "1", "reason": "worse"})
        assert sent.headers["location"] == "/models/oracle/1?done=promoted"
    with browser("operator") as http:
        http.post("/models/oracle/2/shadow", data={"reason": "compare"})
        assert "clear" in forms(http.get("/models/oracle/2").text)
        cleared = http.post("/models/oracle/clear", data={"slot": "shadow", "version": "2", "reason": "seen"})
        assert cleared.headers["location"] == "/models/oracle/2?done=cleared"
    with browser("someone") as http:
        text = http.get("/models/oracle").text
        assert forms(text) == set()
        assert "serves now" in text


def test_the_figures_are_shown_unless_the_report_was_changed(plane: Control, office: Office, browser: Any) -> None:
    office.register()
    office.evaluate()
    with browser("clara") as http:
        assert "0.70" in http.get(AT).text
        evaluated = office.governance.standing("oracle", 1).evaluated
        assert evaluated is not None
        path = report_path(plane.settings.home, evaluated.facts["report"])
        path.chmod(0o644)
        path.write_bytes(b"{}")
        assert "The report is not the one that was signed" in http.get(AT).text


def test_anyone_stops_a_workload_every_page_says_so_and_an_operator_resumes(
    plane: Control, office: Office, browser: Any
) -> None:
    with browser("someone") as http:
        assert http.post("/workloads/tallying/stop", data={"reason": "It counts wrong."}).status_code == 303
        for path in ("/", "/models", "/benefits"):
            text = http.get(path).text
            assert "Tallying is stopped: nothing is decided automatically" in text
            assert "It counts wrong." in text
            assert "resume" not in forms(text)
        assert http.post("/workloads/tallying/resume", data={"reason": "x"}).status_code == 403
    with plane.http(Accept="text/html") as stranger:
        assert "It counts wrong." not in stranger.get("/was").text
    with browser("operator") as http:
        assert "resume" in forms(http.get("/").text)
        assert http.post("/workloads/tallying/resume", data={"reason": "repaired"}).status_code == 303
        assert "is stopped" not in http.get("/").text


def test_a_journal_that_was_edited_is_told_on_every_page(plane: Control, office: Office, browser: Any) -> None:
    office.governance.stop("tallying", "It counts wrong.", actor="clara", now=office.now)
    with plane.ledger.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS statements_no_update")
        connection.exec_driver_sql("UPDATE statements SET document = replace(document, 'wrong', 'right')")
    with browser("someone") as http:
        text = http.get("/").text
    assert "The record of governance was changed" in text


def test_an_alarm_is_settled_in_the_inbox(plane: Control, office: Office, browser: Any) -> None:
    raised = office.governance.alarm("model:oracle/1", "drift", "Other <numbers>.", {}, actor="watch", now=office.now)
    with browser("someone") as http:
        text = http.get("/alarms").text
        assert "Other &lt;numbers&gt;." in text
        assert forms(text) == set()
    with browser("clara") as http:
        assert "That was not done" in http.post(f"/alarms/{raised.id}/settle", data={"decision": "x"}).text
        http.post(f"/alarms/{raised.id}/settle", data={"decision": "nothing to do", "reason": "Sunday"})
        assert "nothing to do" in http.get("/alarms").text


def test_one_decision_is_shown_end_to_end(plane: Control, browser: Any) -> None:
    item = decided(plane)
    with browser("auditor") as http:
        assert f"/items/{item}/evidence" in http.get(f"/items/{item}").text
        text = http.get(f"/items/{item}/evidence").text
        assert "Everything that is kept is as it was recorded" in text
        with plane.ledger.write() as connection:
            connection.exec_driver_sql("""UPDATE work_items SET result = '{"number": 15}'""")
        assert "Not everything is as it was recorded" in http.get(f"/items/{item}/evidence").text
