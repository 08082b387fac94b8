"""One image over HTTP, what became of it, and what waits, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_mammography.views import View
from samdrift_platform import pseudonyms
from samdrift_platform.ledger import audit
from samdrift_registry.people import Role
from samdrift_testing.arrivals import ONE, VIEWS, small_file
from samdrift_testing.governing import opened
from samdrift_testing.hospital import Hospital, hospital
from samdrift_testing.screening_study import mammogram, part10

IMAGES = "/mammography/images"
DICOM = {"Content-Type": "application/dicom"}


@pytest.fixture
def here(tmp_path: Path, ledger_url: str) -> Iterator[Hospital]:
    with hospital(tmp_path, ledger_url) as running:
        yield running


@pytest.fixture
def http(here: Hospital) -> Iterator[httpx.Client]:
    with here.http() as client:
        yield client


def send(http: httpx.Client, data: bytes) -> httpx.Response:
    return http.post(IMAGES, content=data, headers=DICOM)


def test_an_image_is_taken_and_known_and_another_is_set_aside(http: httpx.Client) -> None:
    good = small_file(ONE, "RCC")
    taken, known, other, text = (send(http, data) for data in (good, good, good[:-1] + b"\1", b"not DICOM"))
    assert [answer.status_code for answer in (taken, known, other, text)] == [201, 200, 202, 202]
    assert taken.json()["receipt"] == "taken"
    assert known.json() == {**taken.json(), "receipt": "known"}
    assert (other.json()["receipt"], other.json()["code"]) == ("quarantined", "conflicting-copies")
    assert (text.json()["code"], text.json()["sop_instance_uid"]) == ("not-dicom", "")
    assert taken.headers["location"] == f"{IMAGES}/{ONE}.1"
    assert "location" not in text.headers


def test_another_kind_of_body_is_refused(http: httpx.Client) -> None:
    answer = http.post(IMAGES, content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_became_of_an_image_is_told_from_its_arrival_to_its_item(here: Hospital, http: httpx.Client) -> None:
    received = {view: send(http, small_file(ONE, view)).json() for view in VIEWS[:3]}
    address = f"{IMAGES}/{received['RCC']['sop_instance_uid']}"
    waiting = http.get(address).json()
    assert (waiting["object"], waiting["view"], waiting["problems"]) == (received["RCC"]["object"], "RCC", [])
    assert waiting["source"] == "api:modality-4"
    assert (waiting["exam"]["exam"], waiting["exam"]["submitted_at"], waiting["items"]) == (ONE, None, [])
    send(http, small_file(ONE, "LMLO"))
    assert here.assembler.step(datetime.now(UTC)) == 1
    handed_on = http.get(address).json()
    assert handed_on["exam"]["submitted_at"] is not None
    (item,) = handed_on["items"]
    assert item["state"] == "queued"
    assert http.get(f"/v1/items/{item['item_id']}").json()["state"] == "queued"


def test_what_was_set_aside_under_an_identifier_is_told_with_it(http: httpx.Client) -> None:
    good = small_file(ONE, "RCC")
    for data in (good, good[:-1] + b"\1"):
        send(http, data)
    (aside,) = http.get(f"{IMAGES}/{ONE}.1").json()["set_aside"]
    assert (aside["code"], aside["source"]) == ("conflicting-copies", "api:modality-4")


@pytest.mark.parametrize(("uid", "status"), [("1.2.3", 404), ("251248-9996", 422), ("2512489996", 422)])
def test_an_image_that_was_never_here_is_a_problem(http: httpx.Client, uid: str, status: int) -> None:
    answer = http.get(f"{IMAGES}/{uid}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert uid == "1.2.3" or uid not in answer.text  # the number of a woman is not said back
    assert http.post(f"/mammography/waiting/{uid}/hand-on").status_code == status


def test_a_case_of_film_is_handed_on_by_its_name(here: Hospital, http: httpx.Client) -> None:
    film: dict[str, Any] = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "PatientID": "Mass-Test_P_00173_RIGHT_CC"}
    assert send(http, part10(mammogram(View.RCC, **film))).status_code == 201
    assert http.post("/mammography/waiting/Mass-Test_P_00173/hand-on").status_code == 202
    assert here.assembler.step(datetime.now(UTC)) == 1


def test_what_waits_is_listed_with_its_views_and_sources(here: Hospital, http: httpx.Client) -> None:
    for kind in ("RCC", "raw"):
        send(http, small_file(ONE, kind))
    with here.http("modality-5") as other:
        send(other, small_file(ONE, "LCC"))
    send(http, b"not DICOM")
    found = http.get("/mammography/waiting.json").json()
    (exam,) = found["exams"]
    assert (found["number"], found["quarantine"]) == (1, {"not-dicom": 1})
    assert (exam["here"], exam["missing"], exam["images"]) == (["RCC", "LCC"], ["RMLO", "LMLO"], 3)
    assert exam["sources"] == ["api:modality-4", "api:modality-5"]
    assert exam["due_at"] > exam["last_received_at"] > exam["first_received_at"]


def test_a_person_hands_on_what_waits_and_the_chain_says_who(here: Hospital, http: httpx.Client) -> None:
    send(http, small_file(ONE, "RCC"))
    assert here.assembler.step(datetime.now(UTC)) == 0
    answer = http.post(f"/mammography/waiting/{ONE}/hand-on")
    assert (answer.status_code, answer.json()["exam"]) == (202, ONE)
    assert here.assembler.step(datetime.now(UTC)) == 1
    assert http.get("/mammography/waiting.json").json()["number"] == 0
    with here.ledger.read() as connection:
        (event,) = audit.events_of(connection, f"exam:{pseudonyms.pseudonym('exam', ONE)}")
        whole_chain = repr(audit.latest(connection))
    assert (event.actor, event.action) == ("modality-4", "exam.handed_on")
    assert ONE not in whole_chain  # it would lead to the woman in the PACS
    assert http.post(f"/mammography/waiting/{ONE}/hand-on").status_code == 409
    assert http.post("/mammography/waiting/1.2.3/hand-on").status_code == 404


def test_a_form_is_led_back_to_what_waits(http: httpx.Client) -> None:
    send(http, small_file(ONE, "RCC"))
    answer = http.post(f"/mammography/waiting/{ONE}/hand-on", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/mammography/waiting")


def test_who_only_audits_sees_what_waits_and_changes_nothing(here: Hospital, http: httpx.Client) -> None:
    send(http, small_file(ONE, "RCC"))
    office = opened(here.ledger, here.app.state.settings.home)
    office.governance.appoint("aida", [Role.AUDITOR], actor="operator", now=office.now)
    with here.http("aida") as auditor:
        assert auditor.get("/mammography/waiting.json").json()["number"] == 1
        assert send(auditor, small_file(ONE, "LCC")).status_code == 403
        assert auditor.post(f"/mammography/waiting/{ONE}/hand-on").status_code == 403


def test_the_document_describes_every_address_with_an_example(here: Hospital) -> None:
    document = here.app.openapi()
    own: dict[str, Any] = {path: found for path, found in document["paths"].items() if path.startswith("/mammography/")}
    assert set(own) >= {IMAGES, f"{IMAGES}/{{sop_instance_uid}}", "/mammography/waiting.json"}
    for path, operations in own.items():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}], path
            assert operation["description"], path
            for response in operation["responses"].values():
                schema = response.get("content", {}).get("application/json", {}).get("schema", {})
                if "$ref" in schema:
                    assert document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"], path
