"""What differs between databases: races, and text that only one of them can hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_testing.control import Control, control
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.tallying import document

SUBMIT = "/v1/workloads/tallying/submissions"

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def plane(
    postgresql: PostgreSQL, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Control]:
    url = postgresql.create(template=postgresql_template)
    with control(tmp_path_factory.mktemp("home"), database_url=url) as running:
        yield running
    postgresql.drop(url)


@pytest.fixture(scope="module")
def http(plane: Control) -> Iterator[httpx.Client]:
    with plane.signed_in() as client:
        yield client


@pytest.mark.parametrize("key", [None, "race"])
def test_twenty_senders_at_once_make_one_submission(http: httpx.Client, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"reference": f"race-{key}", "document": document(1, 2, 3)}
    with ThreadPoolExecutor(20) as senders:
        answers = list(senders.map(lambda _: http.post(SUBMIT, json=body, headers=headers), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_twenty_senders_of_the_same_items_in_other_submissions_lose_nothing(http: httpx.Client) -> None:
    bodies = [{"reference": f"shared-{n}", "document": document(*range(500, 520))} for n in range(20)]
    with ThreadPoolExecutor(20) as senders:
        answers = list(senders.map(lambda body: http.post(SUBMIT, json=body), bodies))
    assert [answer.status_code for answer in answers] == [202] * 20
    assert {answer.json()["total"] for answer in answers} == {20}
    ids = {
        tuple(item["id"] for item in http.get(answer.headers["location"] + "/items").json()["items"])
        for answer in answers
    }
    assert len(ids) == 1, "the same twenty items"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reference=text, value=values, search=text)
def test_no_text_makes_a_500(http: httpx.Client, reference: str, value: Any, search: str) -> None:
    for sent in (document(7, note=value), {"numbers": value}, value):
        body = json.dumps({"reference": reference, "document": sent})
        assert http.post(SUBMIT, content=body).status_code < 500
    for path in ("/v1/items", "/v1/submissions"):
        assert http.get(path, params={"workload": search}).status_code < 500
