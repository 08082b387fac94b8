from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from samdrift_platform.control.problems import kind_of
from samdrift_platform.errors import LeaseLostError, NotFoundError
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.control import Control
from samdrift_testing.tallying import FATAL, PERSONAL, REFUSED, document

SUBMIT = "/v1/workloads/tallying/submissions"
NOBODY = str(uuid4())
NOT_STORED = "sha256:" + "0" * 64


def body(*numbers: Any, reference: Any = "r", **more: Any) -> bytes:
    return json.dumps({"reference": reference, "document": document(*numbers, **more)}).encode()


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    path: str = SUBMIT
    method: str = "POST"
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int
    fault: str | None
    remedy: str


VERSION = "/v1/models/x/versions/1"
CASES = [
    Case(
        name="unknown workload",
        path="/v1/workloads/x/submissions",
        content=body(1),
        status=404,
        fault="workload",
        remedy="Hosted: tallying",
    ),
    Case(
        name="unknown workload asked for",
        path="/v1/workloads/x",
        method="GET",
        status=404,
        fault="workload",
        remedy="Hosted: tallying",
    ),
    Case(name="not JSON", content=b"{", status=422, fault="", remedy="Send JSON in UTF-8"),
    Case(name="empty body", content=b"", status=422, fault="", remedy="Send JSON in UTF-8"),
    Case(name="not UTF-8", content=b'{"reference": "\xe6"}', status=422, fault="", remedy="Send JSON in UTF-8"),
    Case(name="no object", content=b"[1]", status=422, fault="", remedy="schema"),
    Case(
        name="too deep",
        content=b'{"reference":"r","document":{"numbers":' + b"[" * 9999 + b"]" * 9999 + b"}}",
        status=422,
        fault="",
        remedy="Send JSON",
    ),
    Case(name="no reference", content=b'{"document": {}}', status=422, fault="/reference", remedy="Add this field"),
    Case(name="empty reference", content=body(1, reference=""), status=422, fault="/reference", remedy="schema"),
    Case(name="long reference", content=body(1, reference="r" * 201), status=422, fault="/reference", remedy="schema"),
    Case(
        name="control character in reference",
        content=body(1, reference="a\nb"),
        status=422,
        fault="/reference",
        remedy="schema",
    ),
    Case(
        name="surplus field",
        content=b'{"reference":"r","document":{"numbers":[1]},"x":1}',
        status=422,
        fault="/x",
        remedy="Remove this field",
    ),
    Case(name="wrong field in document", content=body("one"), status=422, fault="/document/numbers/0", remedy="schema"),
    Case(
        name="surplus field in document",
        content=body(1, **{"a/b~": 1}),
        status=422,
        fault="/document/a~1b~0",
        remedy="Remove this field",
    ),
    Case(
        name="field missing in document",
        content=b'{"reference":"r","document":{}}',
        status=422,
        fault="/document/numbers",
        remedy="Add this field",
    ),
    Case(
        name="not a number",
        content=b'{"reference":"r","document":{"numbers":[NaN]}}',
        status=422,
        fault="/document/numbers/0",
        remedy="finite",
    ),
    Case(
        name="infinite",
        content=b'{"reference":"r","document":{"numbers":[1e999]}}',
        status=422,
        fault="/document/numbers/0",
        remedy="finite",
    ),
    Case(
        name="NUL in text", content=body(objects=["a\0"]), status=422, fault="/document/objects/0", remedy="Remove it"
    ),
    Case(name="refused by the workload", content=body(REFUSED), status=422, fault="numbers", remedy="Leave it out"),
    Case(name="nothing to do", content=body(), status=422, fault="document", remedy="at least one"),
    Case(name="two items with one reference", content=body(1, 1), status=422, fault="items", remedy="same reference"),
    Case(
        name="object that is not stored",
        content=body(objects=[NOT_STORED]),
        status=404,
        fault=None,
        remedy="Upload it before",
    ),
    Case(
        name="no object reference",
        content=body(objects=["exam.dcm"]),
        status=422,
        fault="objects",
        remedy="64 hex digits",
    ),
    Case(
        name="empty key",
        content=body(1),
        headers={"Idempotency-Key": ""},
        status=422,
        fault="idempotency-key",
        remedy="Send",
    ),
    Case(
        name="long key",
        content=body(1),
        headers={"Idempotency-Key": "k" * 201},
        status=422,
        fault="idempotency-key",
        remedy="Send",
    ),
    Case(
        name="announced too large",
        path="/v1/objects",
        content=bytes(1024 * 1024 + 1),
        status=413,
        fault=None,
        remedy="smaller parts",
    ),
    Case(
        name="unknown object",
        path=f"/v1/objects/{NOT_STORED}",
        method="GET",
        status=404,
        fault=None,
        remedy="Upload it",
    ),
    Case(
        name="bad object reference",
        path="/v1/objects/..%2Fledger.db",
        method="GET",
        status=404,
        fault=None,
        remedy="openapi.json",
    ),
    Case(
        name="bad object reference, one segment",
        path="/v1/objects/ledger.db",
        method="GET",
        status=422,
        fault="objects",
        remedy="64 hex digits",
    ),
    Case(
        name="unknown submission",
        path=f"/v1/submissions/{NOBODY}",
        method="GET",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="items of an unknown submission",
        path=f"/v1/submissions/{NOBODY}/items",
        method="GET",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="cancel an unknown submission",
        path=f"/v1/submissions/{NOBODY}/cancel",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="submission id of another form",
        path="/v1/submissions/7",
        method="GET",
        status=422,
        fault="submission_id",
        remedy="identifier",
    ),
    Case(
        name="unknown item",
        path=f"/v1/items/{NOBODY}",
        method="GET",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="cancel an unknown item",
        path=f"/v1/items/{NOBODY}/cancel",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="retry an unknown item",
        path=f"/v1/items/{NOBODY}/retry",
        status=404,
        fault=None,
        remedy="Check the identifier",
    ),
    Case(
        name="unknown state",
        path="/v1/items?state=lost",
        method="GET",
        status=422,
        fault="state",
        remedy="one of the values",
    ),
    Case(name="limit too large", path="/v1/items?limit=1001", method="GET", status=422, fault="limit", remedy="schema"),
    Case(name="limit zero", path="/v1/submissions?limit=0", method="GET", status=422, fault="limit", remedy="schema"),
    Case(
        name="offset below zero",
        path="/v1/submissions?offset=-1",
        method="GET",
        status=422,
        fault="offset",
        remedy="schema",
    ),
    Case(
        name="offset beyond counting",
        path="/v1/items?offset=99999999999999999999",
        method="GET",
        status=422,
        fault="offset",
        remedy="schema",
    ),
    Case(
        name="unknown version",
        path=f"{VERSION}/promote",
        content=b'{"reason": "better"}',
        status=404,
        fault=None,
        remedy="Log it with MLflow",
    ),
    Case(
        name="promotion without a reason",
        path=f"{VERSION}/promote",
        content=b"{}",
        status=422,
        fault="/reason",
        remedy="Add this field",
    ),
    Case(
        name="rollback to version zero",
        path="/v1/models/x/rollback",
        content=b'{"reason": "worse", "to": 0}',
        status=422,
        fault="/to",
        remedy="schema",
    ),
    Case(
        name="approval without the role",
        path=f"{VERSION}/approve",
        content=b"{}",
        status=403,
        fault=None,
        remedy="role clinical or domain or technical",
    ),
    Case(
        name="version zero",
        path="/v1/models/x/versions/0",
        method="GET",
        status=422,
        fault="version",
        remedy="schema",
    ),
    Case(name="unknown address", path="/v1/nothing", method="GET", status=404, fault=None, remedy="openapi.json"),
    Case(name="unknown method", path="/v1/items", method="DELETE", status=405, fault=None, remedy="Allow"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_error_names_the_field_and_the_remedy(shared_http: httpx.Client, case: Case) -> None:
    answer = shared_http.request(case.method, case.path, content=case.content, headers=case.headers)
    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == case.status
    assert problem["type"].startswith("urn:samdrift:problem:")
    assert problem["title"].endswith(".")
    assert problem.get("field") == case.fault
    assert case.remedy in problem["detail"]
    assert "error_id" not in problem
    assert shared_http.get("/v1/items").json() == {"items": []}, "a refused body leaves nothing behind"
    assert shared_http.get("/v1/submissions").json() == {"submissions": []}


@pytest.mark.parametrize("number", ["2512489996", "251248-9996", "251248%209996", "251248%E2%80%939996"])
def test_no_error_repeats_a_civil_registration_number(shared_http: httpx.Client, number: str) -> None:
    for path in (f"/v1/{number}", f"/v1/workloads/{number}", f"/v1/items/{number}", f"/{number}"):
        answer = shared_http.get(path)
        assert answer.is_error
        assert "9996" not in answer.text
    answer = shared_http.post(SUBMIT, content=body(1, **{"2512489996": 1}))
    assert answer.json()["field"] == "/document/251248-xxxx"
    assert "9996" not in answer.text


@pytest.mark.parametrize("reference", ["case 251248-9996", "251248 9996", "0101010015"])
def test_a_reference_that_quotes_a_civil_registration_number_is_refused(
    shared_http: httpx.Client, reference: str
) -> None:
    answer = shared_http.post(SUBMIT, content=body(1, reference=reference))
    assert (answer.status_code, answer.json()["field"]) == (422, "/reference")
    assert reference[-4:] not in answer.text


def test_a_field_may_be_called_like_a_part_of_a_request(http: httpx.Client) -> None:
    for name in ("query", "body", "path"):
        answer = http.post(SUBMIT, content=body(1, **{name: 1}))
        assert answer.json()["field"] == f"/document/{name}"


def test_every_wrong_field_is_named_each_with_its_remedy(http: httpx.Client) -> None:
    answer = http.post(SUBMIT, content=body("one", 2, "three", reference="r"))
    errors = answer.json()["errors"]
    assert [error["field"] for error in errors] == ["/document/numbers/0", "/document/numbers/2"]
    assert all(error["message"] and error["remedy"] for error in errors)
    assert "(1 more)" in answer.json()["detail"]


def test_a_thousand_wrong_fields_make_a_short_answer(http: httpx.Client) -> None:
    problem = http.post(SUBMIT, content=body(*["x"] * 1000)).json()
    assert len(problem["errors"]) == 20
    assert "(999 more)" in problem["detail"]


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(http: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(100 * 1024)

    answer = http.post("/v1/objects", content=endless())
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413


def test_a_body_of_exactly_the_limit_passes(http: httpx.Client) -> None:
    assert http.post("/v1/objects", content=bytes(1024 * 1024)).status_code == 201


def test_the_fault_of_a_workload_names_it_and_is_found_in_the_log_without_personal_data(http: httpx.Client) -> None:
    with capture_logs() as logs:
        problem = http.post(SUBMIT, content=body(FATAL)).json()
    assert problem["status"] == 500
    assert "tallying" in problem["detail"]
    entry = next(entry for entry in logs if entry.get("error_id") == problem["error_id"])
    assert entry["kind"] == "RuntimeError"
    assert "tallying.py" in entry["frames"]
    assert PERSONAL not in json.dumps(problem) + repr(logs)
    assert http.get("/v1/submissions").json() == {"submissions": []}


def test_an_error_that_nobody_expected_gets_an_id_and_no_traceback(
    plane: Control, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"while looking at {PERSONAL}")

    monkeypatch.setattr("samdrift_platform.ledger.items.find", broken)
    with capture_logs() as logs:
        answer = http.get("/v1/items")
    problem = answer.json()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "operator" in problem["detail"]
    entry = next(entry for entry in logs if entry.get("error_id") == problem["error_id"])
    assert entry["kind"] == "ZeroDivisionError"
    assert PERSONAL not in answer.text + repr(logs)
    assert "Traceback" not in answer.text


def test_a_ledger_that_does_not_answer_is_503_with_the_time_to_try_again(plane: Control, http: httpx.Client) -> None:
    plane.app.state.ledger = Ledger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    for method, path in [("GET", "/v1/items"), ("POST", SUBMIT)]:
        answer = http.request(method, path, content=body(1))
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert "Nothing was recorded" in answer.json()["detail"]
    plane.app.state.ledger = plane.ledger
    assert http.post(SUBMIT, content=body(1)).status_code == 202, "the later success"


def test_a_browser_gets_a_page_and_a_program_a_problem(plane: Control) -> None:
    with plane.http(Accept="text/html,*/*") as browser:
        assert browser.get("/nowhere").headers["content-type"].startswith("text/html")
        assert browser.get("/v1/items").headers["content-type"] == "application/problem+json"
    with plane.http() as program:
        assert program.get("/nowhere").headers["content-type"] == "application/problem+json"


def test_kinds_are_readable() -> None:
    assert kind_of(NotFoundError) == "not-found"
    assert kind_of(LeaseLostError) == "lease-lost"
