"""The pages of the inbox, on a real ledger: what they show, to whom, and what comes of deciding there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import audit, inbox
from samdrift_platform.ledger.asked import Asked
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.parts import Particulars
from samdrift_platform.question import Deciders, Fact
from samdrift_registry.people import Role
from samdrift_testing import asking
from samdrift_testing.asking import FOUR_EYES, PAY
from samdrift_testing.control import Control, control
from samdrift_testing.tallying import Tallying
from samdrift_water.browsing import Outline

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
PEOPLE = {"karen": Role.CASE_WORKER, "lars": Role.DOMAIN, "carl": Role.AUDITOR}
FORM = {"question": "pay", "choice": "yes", "seen": "0", "field-amount": "12,50", "field-account": "heat",
        "field-paid_on": "2026-12-01", "field-urgent": "no", "comment": "Set."}  # fmt: skip


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    with control(tmp_path_factory.mktemp("inbox")) as running:
        governance, now = running.app.state.governance, datetime.now(UTC)
        governance.prepare([], now=now)
        for person, role in PEOPLE.items():
            governance.appoint(person, [role], actor="operator", now=now)
        yield running


def browser(plane: Control, person: str = "karen", language: str = "da") -> httpx.Client:
    cookie = f"{SESSION_COOKIE}={plane.grant(GrantKind.SESSION, person)}"
    return plane.http(Cookie=cookie, Accept="text/html", **{"Accept-Language": language}, **SAME_ORIGIN)


def asked(plane: Control, item: UUID) -> Asked:
    with plane.ledger.read() as connection:
        return inbox.of_item(connection, item)[-1]


class Called(Tallying):
    """A class of its own: what a protocol once saw a class to have, it believes for good."""

    def item_title(self, lane: str, item: Particulars) -> Mapping[str, str]:
        return {"da": "Regning fra i går", "en": "Yesterday's bill"}


def test_items_are_called_what_people_call_them(
    plane: Control, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    monkeypatch.setitem(plane.app.state.workloads, "tallying", Called())
    with browser(plane) as http:
        pages = [http.get("/inbox").text, http.get(f"/inbox/{item}").text]
    assert all("Regning fra i går" in page and request.node.name in page.replace("<wbr>", "") for page in pages)
    with browser(plane, language="en") as http:
        assert "Yesterday&#39;s bill" in http.get(f"/inbox/{item}").text


def test_the_list_shows_what_waits_and_the_menu_how_many(plane: Control, request: pytest.FixtureRequest) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    with browser(plane) as http:
        page = http.get("/inbox").text
        menu = http.get("/").text
    assert f'href="/inbox/{item}"' in page
    assert "Skal regningen betales?" in page
    assert "Overskredet" in page
    assert "portal-waiting" in menu


@pytest.mark.parametrize(("person", "language"), [("karen", "da"), ("karen", "en"), ("carl", "da")])
def test_every_page_is_well_made(plane: Control, request: pytest.FixtureRequest, person: str, language: str) -> None:
    store = plane.app.state.store
    fact = Fact(label={"da": "Fakturaen", "en": "The invoice"}, value="17", object=store.put(b"<a/>"),
                media_type="application/xml")  # fmt: skip
    item = asking.ask(plane.ledger, replace(FOUR_EYES, facts=(fact,)), reference=request.node.name, steps=("open",))
    asking.decide(plane.ledger, item, "no", why="Too dear.", comment="Ask again.", by="lars")
    stopped = asking.stop(plane.ledger, EffectState.REFUSED, reference=f"{request.node.name} stopped")
    paths = ("/inbox", f"/inbox/{item}", f"/inbox/{item}?choice=yes", f"/inbox/{item}?choice=no", f"/inbox/{stopped}",
             f"/inbox/{item}/objects/{fact.object}", "/inbox?workload=rpa", f"/inbox/{item}?done=one",
             f"/inbox/{stopped}?choice=happened&done=decided")  # fmt: skip
    with browser(plane, person, language) as http:
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
    kinds = ("input", "select", "textarea")
    fields = [one for kind in kinds for one in page.all(kind) if one.attributes.get("type") != "hidden"]
    assert {one.attributes["id"] for one in fields} == labelled


def test_first_one_chooses_and_then_confirms_what_the_form_proposes(
    plane: Control, request: pytest.FixtureRequest
) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    with browser(plane) as http:
        first = Outline(http.get(f"/inbox/{item}").text)
        assert {one.attributes["value"] for one in first.all("input") if one.attributes.get("name") == "choice"} == {
            "yes",
            "no",
        }
        second = http.get(f"/inbox/{item}", params={"choice": "yes"}).text
        values = {str(one.attributes.get("name")): one.attributes.get("value") for one in Outline(second).all("input")}
        assert values["field-amount"] == "12,5"
        assert "Bekræft: Betal den" in second
        answer = http.post(f"/inbox/{item}", data=FORM)
        assert answer.status_code == 303
        shown = http.get(answer.headers["Location"]).text
    assert "Det er besluttet" in shown
    decision = asked(plane, item).decision
    assert decision is not None
    assert decision.fields == {"amount": 12.5, "account": "heat", "paid_on": "2026-12-01", "urgent": False}


def test_what_does_not_fit_is_told_at_its_field_and_what_was_written_stays(
    plane: Control, request: pytest.FixtureRequest
) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    wrong = FORM | {"field-amount": "1.250", "field-account": ""}
    with browser(plane) as http:
        answer = http.post(f"/inbox/{item}", data=wrong)
    assert answer.status_code == 422
    page = Outline(answer.text)
    faulty = {str(one.attributes["id"]) for one in page.elements if one.attributes.get("aria-invalid") == "true"}
    assert faulty == {"field-amount", "field-account"}
    assert 'value="1.250"' in answer.text
    assert "Set." in answer.text
    assert asked(plane, item).given == ()


def test_the_second_of_two_sees_what_the_first_decided_and_starts_from_it(
    plane: Control, request: pytest.FixtureRequest
) -> None:
    item = asking.ask(plane.ledger, FOUR_EYES, reference=request.node.name)
    with browser(plane, "karen") as http:
        answer = http.post(f"/inbox/{item}", data=FORM | {"field-amount": "99"})
        assert "Det kræver samme beslutning af en anden" in http.get(answer.headers["Location"]).text
    with browser(plane, "lars") as http:
        page = http.get(f"/inbox/{item}").text
        assert "1 af 2 har besluttet" in page
        assert "karen har besluttet" in page
        assert 'value="99"' in http.get(f"/inbox/{item}", params={"choice": "yes"}).text
        late = http.post(f"/inbox/{item}", data=FORM | {"field-amount": "99"})
        assert late.status_code == 409
        assert "karen har besluttet i mellemtiden" in late.text
        assert http.post(f"/inbox/{item}", data=FORM | {"field-amount": "99", "seen": "1"}).status_code == 303
    decision = asked(plane, item).decision
    assert decision is not None
    assert decision.people == ("karen", "lars")


def test_who_comes_too_late_is_told_who_decided(plane: Control, request: pytest.FixtureRequest) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    asking.decide(plane.ledger, item, "no", why="Too dear.", by="lars")
    with browser(plane) as http:
        answer = http.post(f"/inbox/{item}", data=FORM)
    assert answer.status_code == 409
    assert "Det blev besluttet af lars" in answer.text
    check(answer.text)


def test_who_may_not_decide_may_look(plane: Control, request: pytest.FixtureRequest) -> None:
    item = asking.ask(plane.ledger, reference=request.node.name)
    with browser(plane, "carl") as http:
        page = http.get(f"/inbox/{item}").text
        assert "kræver en anden rolle" in page
        assert 'name="choice"' not in page
        assert http.post(f"/inbox/{item}", data=FORM).status_code == 403


def test_an_unknown_effect_is_told_in_plain_words_and_settled(plane: Control, request: pytest.FixtureRequest) -> None:
    item = asking.stop(plane.ledger, EffectState.UNKNOWN, reference=request.node.name)
    code = asked(plane, item).question.code
    with browser(plane) as http:
        page = http.get(f"/inbox/{item}").text
        assert "Ingen ved, om det skete: pay hos board." in page
        assert "no such account" in page
        form = {"question": code, "choice": "happened", "seen": "0", "field-seen": "I deres liste."}
        assert http.post(f"/inbox/{item}", data=form).status_code == 303
        assert "En medarbejder har oplyst det." in http.get(f"/inbox/{item}").text


def test_only_objects_that_a_question_names_are_shown(plane: Control, request: pytest.FixtureRequest) -> None:
    store = plane.app.state.store
    shown, other = store.put("<navn>Åse</navn>".encode()), store.put(b"somebody else's")
    picture = store.put(b"\x89PNG\r\n\x1a\n")
    facts = (
        Fact(label={"da": "Brevet", "en": "The letter"}, value="17", object=shown, media_type="text/html"),
        Fact(label={"da": "Billedet", "en": "The picture"}, value="18", object=picture, media_type="image/png"),
    )
    item = asking.ask(plane.ledger, replace(PAY, facts=facts), reference=request.node.name)
    with browser(plane) as http:
        assert "&lt;navn&gt;Åse" in http.get(f"/inbox/{item}/objects/{shown}").text
        saved = http.get(f"/inbox/{item}/objects/{shown}/file")
        assert saved.headers["Content-Type"] == "application/octet-stream"
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert http.get(f"/inbox/{item}/objects/{picture}/file").headers["Content-Type"] == "image/png"
        assert http.get(f"/inbox/{item}/objects/{other}").status_code == 404
        assert http.get(f"/inbox/{item}/objects/{other}/file").status_code == 404
    with plane.ledger.read() as connection:
        events = [each for each in audit.events_of(connection, f"item:{item}") if each.action == "document.seen"]
    looks = [(each.actor, each.details["object"]) for each in events]
    assert looks == [("karen", shown), ("karen", picture)], "a page and the file in it are one look"


def test_the_evidence_says_who_decided_what(plane: Control, request: pytest.FixtureRequest) -> None:
    item = asking.ask(plane.ledger, FOUR_EYES, reference=request.node.name)
    asking.decide(plane.ledger, item, "no", why="Too dear.", by="lars")
    with browser(plane, "carl") as http:
        assert f'href="/inbox/{item}"' in http.get(f"/items/{item}").text
        page = http.get(f"/items/{item}/evidence").text
    check(page)
    assert "Ikke endnu: 1 af 2" in page
    assert "Too dear." in page


def test_what_others_decide_is_shown_on_request_and_not_offered(plane: Control, request: pytest.FixtureRequest) -> None:
    deciders = Deciders(roles=("domain",), units=("finance",))
    item = asking.ask(plane.ledger, replace(PAY, deciders=deciders), reference=request.node.name)
    link = f'href="/inbox/{item}"'
    with browser(plane) as http:
        assert link not in http.get("/inbox").text
        assert link in http.get("/inbox?whose=all").text
        page = http.get(f"/inbox/{item}").text
        assert "kræver rollen Faglig godkender i enheden finance" in " ".join(page.split()), page
        assert "Din beslutning" not in page
        refused = http.post(f"/inbox/{item}", data=FORM)
    assert refused.status_code == 403
    assert not asked(plane, item).given
