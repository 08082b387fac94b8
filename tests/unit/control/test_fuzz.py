"""Whatever is sent: an answer of the kind that is described, and never 500."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_testing.tallying import FATAL

SUBMIT = "/v1/workloads/tallying/submissions"
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers() | st.floats() | st.sampled_from([2**63, 10**400, -0.0])
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {"numbers": st.lists(st.integers(-5, 5).filter(lambda n: n != FATAL), max_size=4) | values},
    optional={"objects": st.lists(text, max_size=2) | values, "note": values, "more": values},
)
bodies = st.fixed_dictionaries({"reference": text | values, "document": documents | values}, optional={"more": values})
keys = st.none() | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
)


def check_answer(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status_code
        assert problem["detail"]


@quick
@given(body=bodies | values, key=keys)
def test_any_json(shared_http: httpx.Client, body: Any, key: str | None) -> None:
    headers = [] if key is None else [(b"Idempotency-Key", key.encode("latin-1"))]
    check_answer(shared_http.post(SUBMIT, content=json.dumps(body).encode(), headers=headers))


@quick
@given(body=st.binary(max_size=200))
def test_any_bytes(shared_http: httpx.Client, body: bytes) -> None:
    check_answer(shared_http.post(SUBMIT, content=body))
    check_answer(shared_http.post("/v1/models/x/versions/1/approve", content=body))


@quick
@given(body=bodies, cut=st.integers(0, 300), put=st.binary(max_size=3))
def test_json_with_some_bytes_changed(shared_http: httpx.Client, body: Any, cut: int, put: bytes) -> None:
    sent = json.dumps(body, ensure_ascii=False).encode()
    check_answer(shared_http.post(SUBMIT, content=sent[:cut] + put + sent[cut + 1 :]))


@quick
@given(
    segment=text.filter(lambda t: t not in ("", ".", "..")),
    params=st.dictionaries(st.sampled_from(["workload", "state", "limit", "offset", "lang"]), text, max_size=4),
)
def test_any_address_and_parameter(shared_http: httpx.Client, segment: str, params: dict[str, str]) -> None:
    for path in ("objects", "submissions", "items", "workloads", "nothing"):
        check_answer(shared_http.get(httpx.URL("http://control.test").join("/v1/" + path), params=params))
        check_answer(
            shared_http.get(f"/v1/{path}/{httpx.QueryParams({'': segment})}".replace("/=", "/", 1), params=params)
        )
    check_answer(shared_http.post(f"/v1/items/{segment.encode().hex()}/cancel"))
