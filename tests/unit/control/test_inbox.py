from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.tables import decisions
from samdrift_platform.parts import Particulars
from samdrift_platform.question import Deciders
from samdrift_registry.people import Role
from samdrift_testing import asking
from samdrift_testing.asking import FOUR_EYES, PAY, YES
from samdrift_testing.control import Control
from samdrift_testing.tallying import Tallying


@pytest.fixture
def office(plane: Control) -> Control:
    """An installation with two case workers and an auditor."""
    governance, now = plane.app.state.governance, datetime.now(UTC)
    governance.prepare([], now=now)
    for person, role in (("karen", Role.CASE_WORKER), ("lars", Role.CASE_WORKER), ("carl", Role.AUDITOR)):
        governance.appoint(person, [role], actor="operator", now=now)
    return plane


def signed_in(plane: Control, person: str) -> httpx.Client:
    return plane.http(Authorization=f"Bearer {plane.grant(GrantKind.TOKEN, person)}")


def decide(plane: Control, item: UUID, *, by: str = "karen", **body: Any) -> httpx.Response:
    sent: dict[str, Any] = {"question": "pay", "choice": "yes", "fields": YES} | body
    with signed_in(plane, by) as http:
        return http.post(f"/v1/items/{item}/decisions", json=sent)


def test_the_inbox_lists_what_waits_with_all_that_is_needed_to_decide(office: Control) -> None:
    item = asking.ask(office.ledger, steps=("open",))
    with signed_in(office, "carl") as http:
        found = http.get("/v1/inbox").json()
    assert (found["waiting"], found["overdue"]) == (1, 1), "its two hours are long over"
    (asked,) = found["questions"]
    assert (asked["item_id"], asked["reference"], asked["overdue"], asked["open"]) == (str(item), "bill", True, True)
    assert asked["question"]["title"]["da"] == "Skal regningen betales?"
    kinds = {field["name"]: field["kind"] for field in asked["question"]["choices"][0]["fields"]}
    assert kinds == {"amount": "number", "account": "one_of", "paid_on": "date", "urgent": "yes_no"}
    assert found["groups"] == [{"workload": "tallying", "lane": "", "code": "pay", "number": 1}]


def test_it_says_what_people_call_the_item(office: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.ask(office.ledger, reference="bill 7")
    with office.signed_in() as http:
        assert http.get("/v1/inbox").json()["questions"][0]["about"] == {}
    monkeypatch.setattr(Tallying, "item_title", _called, raising=False)
    with office.signed_in() as http:
        assert http.get("/v1/inbox").json()["questions"][0]["about"] == {"da": "Regning på 1", "en": "Bill of 1"}


def _called(self: Tallying, lane: str, item: Particulars) -> dict[str, str]:
    return {"da": f"Regning på {len(item.payload)}", "en": f"Bill of {len(item.payload)}"}


@pytest.mark.parametrize(
    ("params", "number"),
    [({}, 3), ({"workload": "tallying"}, 3), ({"workload": "rpa"}, 0), ({"code": "pay"}, 2), ({"code": "effect"}, 1),
     ({"lane": "invoices"}, 0), ({"limit": 1}, 1)],
)  # fmt: skip
def test_it_is_filtered(office: Control, params: dict[str, str], number: int) -> None:
    for reference in ("one", "two"):
        asking.ask(office.ledger, reference=reference)
    asking.stop(office.ledger, reference="three")
    with office.signed_in() as http:
        assert len(http.get("/v1/inbox", params=params).json()["questions"]) == number


def test_a_decision_is_recorded_and_the_item_goes_on(office: Control) -> None:
    item = asking.ask(office.ledger)
    answer = decide(office, item, comment="As agreed.")
    assert answer.status_code == 200
    assert answer.json()["decision"] == {
        "choice": "yes", "fields": YES, "people": ["karen"], "decided_at": answer.json()["decision"]["decided_at"],
    }  # fmt: skip
    assert answer.json()["open"] is False
    with office.signed_in() as http:
        assert http.get(f"/v1/items/{item}").json()["state"] == "queued"
        (asked,) = http.get(f"/v1/items/{item}/questions").json()["questions"]
    assert asked["given"][0]["comment"] == "As agreed."


def test_of_two_who_must_decide_the_second_sees_the_first_and_one_alone_cannot(office: Control) -> None:
    item = asking.ask(office.ledger, FOUR_EYES)
    assert decide(office, item).json()["decision"] is None
    assert decide(office, item).json()["decision"] is None, "the same person again"
    with signed_in(office, "lars") as http:
        (asked,) = http.get("/v1/inbox").json()["questions"]
    assert {given["decided_by"] for given in asked["given"]} == {"karen"}
    assert decide(office, item, by="lars").json()["decision"]["people"] == ["karen", "lars"]


def test_whoever_decides_after_somebody_else_is_told_so(office: Control) -> None:
    item = asking.ask(office.ledger, FOUR_EYES)
    decide(office, item, seen=0)
    late = decide(office, item, by="lars", seen=0)
    assert late.status_code == 409
    assert "karen has decided meanwhile" in late.json()["detail"]
    assert decide(office, item, by="lars", seen=1).status_code == 200
    closed = decide(office, item, by="lars", seen=2)
    assert closed.status_code == 409
    assert "decided by karen and lars" in closed.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"choice": "perhaps"}, "choice"),
        ({"fields": YES | {"amount": "12,5"}}, "amount"),
        ({"fields": YES | {"account": "wine"}}, "account"),
        ({"fields": YES | {"paid_on": "30.11.2026"}}, "paid_on"),
        ({"fields": YES | {"colour": "red"}}, "colour"),
        ({"choice": "no", "fields": {"why": " "}}, "why"),
    ],
)
def test_what_does_not_fit_the_question_is_refused_by_field(office: Control, body: dict[str, Any], field: str) -> None:
    item = asking.ask(office.ledger)
    answer = decide(office, item, **body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    with office.signed_in() as http:
        assert http.get("/v1/inbox").json()["questions"][0]["given"] == []


def test_an_unknown_effect_is_settled_like_any_question(office: Control) -> None:
    item = asking.stop(office.ledger, EffectState.UNKNOWN)
    with office.signed_in() as http:
        (asked,) = http.get("/v1/inbox", params={"code": "effect"}).json()["questions"]
    code = asked["question"]["code"]
    assert [choice["code"] for choice in asked["question"]["choices"]] == ["happened", "make", "ask_again", "give_up"]
    seen = {"seen": "It stands in their list of today.", "number": "17"}
    assert decide(office, item, question=code, choice="happened", fields=seen).status_code == 200
    with office.signed_in() as http:
        found = http.get(f"/v1/items/{item}").json()
    assert found["state"] == "done"
    assert found["effects"][0]["answer"] == {"by_person": True, "number": "17"}
    assert "list of today" not in str(found["audit"])


def test_nothing_is_decided_about_what_is_not_there(office: Control) -> None:
    missing = UUID(int=7)
    assert decide(office, missing).status_code == 404
    with office.signed_in() as http:
        assert http.get(f"/v1/items/{missing}/questions").status_code == 404
    item = asking.ask(office.ledger)
    assert decide(office, item, question="other").status_code == 404


@pytest.mark.parametrize("person", ["carl", "nobody"])
def test_deciding_takes_a_role(office: Control, person: str) -> None:
    item = asking.ask(office.ledger)
    answer = decide(office, item, by=person)
    assert answer.status_code == 403
    assert "case_worker" in answer.json()["detail"]


def test_an_auditor_sees_who_decided_what_and_when_and_on_which_evidence(office: Control) -> None:
    item = asking.ask(office.ledger)
    decide(office, item, comment="A private matter.")
    with signed_in(office, "carl") as http:
        replay = http.get(f"/v1/audit/items/{item}").json()
    assert replay["mismatches"] == []
    (asked,) = replay["questions"]
    assert asked["decision"]["people"] == ["karen"]
    (ruled,) = [event for event in replay["events"] if event["action"] == "question.ruled"]
    assert ruled["actor"] == "karen"
    assert {"question", "choice", "asked", "said", "comment"} == set(ruled["details"])
    assert "private" not in str(replay["events"])


@pytest.mark.parametrize("column", ["choice", "comment", "decided_by"])
def test_a_ruling_that_was_changed_afterwards_is_found(office: Control, column: str) -> None:
    item = asking.ask(office.ledger)
    decide(office, item, comment="As agreed.")
    with office.ledger.write() as connection:
        connection.execute(sa.update(decisions).values({column: "no"}))
    with office.signed_in() as http:
        (told,) = http.get(f"/v1/audit/items/{item}").json()["mismatches"]
    assert "about pay is not what was recorded" in told


def test_a_comment_that_retention_took_away_is_no_accusation(office: Control) -> None:
    item = asking.ask(office.ledger)
    decide(office, item, comment="As agreed.")
    with office.ledger.write() as connection:
        connection.execute(sa.update(decisions).values(comment=""))
    with office.signed_in() as http:
        assert http.get(f"/v1/audit/items/{item}").json()["mismatches"] == []


def test_the_log_of_use_names_who_decided_after_the_machine(office: Control) -> None:
    item = asking.ask(office.ledger)
    decide(office, item)
    with office.signed_in() as http:
        (line,) = http.get("/v1/audit/records", params={"format": "jsonl"}).text.splitlines()
    use = json.loads(line)
    assert (use["item"], use["verdict"], use["verified_by"]) == (str(item), "waiting_for_person", ["karen"])


@pytest.fixture
def finance(office: Control) -> Control:
    """The same with `fie`, an approver who decides for finance."""
    governance, now = office.app.state.governance, datetime.now(UTC)
    governance.appoint("fie", [Role.DOMAIN], units=["finance"], actor="operator", now=now)
    return office


FOR_FINANCE = replace(PAY, code="pay_much", deciders=Deciders(roles=("domain",), units=("finance",)))


def test_who_decides_is_named_and_nobody_else_may(finance: Control) -> None:
    item = asking.ask(finance.ledger, FOR_FINANCE)
    for person in ("karen", "operator"):
        refused = decide(finance, item, by=person, question="pay_much")
        assert refused.status_code == 403
        assert f"{person} may not decide this: it takes the role domain in the unit finance" in refused.text
    answer = decide(finance, item, by="fie", question="pay_much").json()
    assert answer["decision"]["people"] == ["fie"]
    assert answer["question"]["deciders"] == {"roles": ["domain"], "units": ["finance"]}
    assert len(answer["given"]) == 1, "nothing of the others was recorded"


def test_the_list_is_what_one_may_decide_and_by_request_everything(finance: Control) -> None:
    asking.ask(finance.ledger, FOR_FINANCE, reference="dear")
    asking.ask(finance.ledger, reference="cheap")
    seen = {}
    for person in ("karen", "fie", "carl"):
        with signed_in(finance, person) as http:
            for params in ({}, {"everyones": "true"}):
                found = http.get("/v1/inbox", params=params).json()
                references = sorted(asked["reference"] for asked in found["questions"])
                assert found["waiting"] == len(references)
                seen[person, bool(params)] = references
    everything = ["cheap", "dear"]
    assert seen == {
        ("karen", False): ["cheap"], ("karen", True): everything,
        ("fie", False): everything, ("fie", True): everything,
        ("carl", False): everything, ("carl", True): everything,
    }, "an auditor decides nothing, and looks at all"  # fmt: skip
