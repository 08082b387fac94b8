from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from samdrift_platform.ledger import submissions
from samdrift_testing.control import Control
from samdrift_testing.tallying import document


def submit(http: httpx.Client, reference: str, *numbers: int, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"reference": reference, "document": document(*numbers, **more)}
    return http.post("/v1/workloads/tallying/submissions", json=body, headers=headers)


def test_a_new_submission_is_recorded_with_its_items_before_it_is_acknowledged(http: httpx.Client) -> None:
    answer = submit(http, "monday", 1, 2, 3)
    assert answer.status_code == 202
    body = answer.json()
    assert body["workload"] == "tallying"
    assert body["reference"] == "monday"
    assert body["submitted_by"] == "operator"
    assert body["items"] == {"queued": 3}
    assert (body["total"], body["pending"]) == (3, 3)
    assert answer.headers["location"] == f"/v1/submissions/{body['id']}"
    assert http.get(answer.headers["location"]).json() == body


def test_the_same_reference_and_content_returns_the_first_answer(http: httpx.Client) -> None:
    first = submit(http, "monday", 1, 2)
    again = submit(http, "monday", 1, 2)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert len(http.get("/v1/items").json()["items"]) == 2


def test_the_same_key_with_another_reference_returns_the_first_answer(http: httpx.Client) -> None:
    first = submit(http, "monday", 1, key="k-1")
    again = submit(http, "tuesday", 1, key="k-1")
    assert again.status_code == 200
    assert again.json() == first.json()


@pytest.mark.parametrize("second", [("monday", None), ("tuesday", "k-1")])
def test_the_same_reference_or_key_with_other_content_is_a_conflict(
    http: httpx.Client, second: tuple[str, str | None]
) -> None:
    submit(http, "monday", 1, key="k-1")
    reference, key = second
    answer = submit(http, reference, 2, key=key)
    assert answer.status_code == 409
    assert answer.json()["field"] == "reference"
    assert "new reference" in answer.json()["detail"]
    assert len(http.get("/v1/items").json()["items"]) == 1


@pytest.mark.parametrize("key", [None, "k-1"])
def test_twenty_senders_at_once_make_one_submission(plane: Control, http: httpx.Client, key: str | None) -> None:
    with ThreadPoolExecutor(20) as senders:
        answers = list(senders.map(lambda _: submit(http, "monday", 1, 2, 3, key=key), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    with plane.ledger.read() as connection:
        assert [found.total for found in submissions.find(connection)] == [3]


def test_objects_named_in_the_document_become_items(http: httpx.Client) -> None:
    stored = http.post("/v1/objects", content=b"four").json()
    assert stored["size_bytes"] == 4
    answer = submit(http, "files", objects=[stored["reference"]])
    items = http.get(f"/v1/submissions/{answer.json()['id']}/items").json()["items"]
    assert [item["payload"] for item in items] == [{"bytes": 4}]


def test_submissions_are_listed_newest_first_by_workload_and_page(http: httpx.Client) -> None:
    for name in ("a", "b", "c"):
        submit(http, name, ord(name))
    listed = http.get("/v1/submissions").json()["submissions"]
    assert [one["reference"] for one in listed] == ["c", "b", "a"]
    page = http.get("/v1/submissions", params={"limit": 1, "offset": 1}).json()["submissions"]
    assert [one["reference"] for one in page] == ["b"]
    assert http.get("/v1/submissions", params={"workload": "other"}).json() == {"submissions": []}


def test_items_of_a_submission_are_filtered_and_paged(http: httpx.Client) -> None:
    address = submit(http, "monday", 5, 6, 7).headers["location"] + "/items"
    assert [item["reference"] for item in http.get(address).json()["items"]] == ["5", "6", "7"]
    page = http.get(address, params={"limit": 2, "offset": 2}).json()["items"]
    assert [item["reference"] for item in page] == ["7"]
    assert http.get(address, params={"state": ["done", "failed"]}).json() == {"items": []}
    assert len(http.get(address, params={"state": "queued"}).json()["items"]) == 3


def test_cancelling_withdraws_what_nobody_else_named(http: httpx.Client) -> None:
    mine = submit(http, "mine", 1, 2)
    submit(http, "theirs", 2)
    answer = http.post(mine.headers["location"] + "/cancel").json()
    assert answer["cancelled"] == 1
    assert answer["submission"]["items"] == {"cancelled": 1, "queued": 1}
    again = http.post(mine.headers["location"] + "/cancel").json()
    assert again["cancelled"] == 0
