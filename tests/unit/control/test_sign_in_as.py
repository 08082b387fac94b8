"""Signing in as a person: the operator's right, and the chain says who asked."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.grants import GrantKind
from samdrift_testing.control import Control
from samdrift_testing.governing import opened

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def office(plane: Control) -> None:
    opened(plane.ledger, plane.settings.home)


def test_a_link_for_a_person_signs_them_in_and_names_who_asked(
    plane: Control, http: httpx.Client, office: None
) -> None:
    made = http.post("/v1/links", json={"subject": "clara"})
    assert (made.status_code, made.json()["subject"]) == (201, "clara")
    link = parse_qs(urlsplit(made.json()["url"]).query)["link"][0]
    with plane.http() as browser:
        browser.post("/sign-in", data={"link": link}, headers=SAME_ORIGIN)
        assert SESSION_COOKIE in browser.cookies
        stopped = browser.post("/v1/workloads/tallying/stop", json={"reason": "red"}, headers=SAME_ORIGIN)
    assert stopped.json()["stopped"]["by"] == "clara"
    with plane.ledger.read() as connection:
        linked, session = audit.events_of(connection, "subject:clara")
    assert (linked.actor, linked.action, linked.details["issued_by"]) == ("operator", "grant.link", "operator")
    assert (session.actor, session.action, session.details["link"]) == (
        "clara", "grant.session", linked.details["grant"],
    )  # fmt: skip


def test_a_token_for_a_person_acts_as_that_person(plane: Control, http: httpx.Client, office: None) -> None:
    token = http.post("/v1/tokens", json={"subject": "clara"}).json()["token"]
    with plane.http(Authorization=f"Bearer {token}") as clara:
        assert clara.post("/v1/workloads/tallying/stop", json={"reason": "red"}).json()["stopped"]["by"] == "clara"
        assert clara.post("/v1/links").json()["subject"] == "clara"
        for path in ("/v1/links", "/v1/tokens"):
            refused = clara.post(path, json={"subject": "tim"})
            assert refused.status_code == 403
            assert "role operator" in refused.json()["detail"]


@pytest.mark.parametrize(("subject", "status"), [("nobody", 404), ("registry", 403), ("", 422), ("a b", 422)])
def test_who_cannot_be_signed_in(http: httpx.Client, office: None, subject: str, status: int) -> None:
    for path in ("/v1/links", "/v1/tokens"):
        assert http.post(path, json={"subject": subject}).status_code == status


def test_a_session_makes_no_tokens(plane: Control, office: None) -> None:
    with plane.http(Cookie=f"{SESSION_COOKIE}={plane.grant(GrantKind.SESSION, 'operator')}") as browser:
        answer = browser.post("/v1/tokens", json={"subject": "clara"}, headers=SAME_ORIGIN)
    assert answer.status_code == 401
