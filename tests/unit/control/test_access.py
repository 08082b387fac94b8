from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.grants import GrantKind
from samdrift_testing.control import ADDRESS, Control

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def addresses(plane: Control) -> list[tuple[str, str]]:
    paths = plane.app.openapi()["paths"].items()
    return [(method.upper(), path) for path, operations in paths for method in operations if path.startswith("/v1/")]


def sign_in(plane: Control, browser: httpx.Client) -> httpx.Response:
    return browser.post("/sign-in", data={"link": plane.grant(GrantKind.LINK)}, headers=SAME_ORIGIN)


def test_every_address_below_v1_asks_who_is_there_before_it_looks_at_anything(plane: Control) -> None:
    found = addresses(plane)
    assert len(found) > 15
    with plane.http() as stranger:
        for method, path in found:
            answer = stranger.request(method, path, content=b"not looked at")
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "samdrift sign-in" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Basic b2xnYTp4", "bearer\tx", "Bearer æ"])
def test_what_is_no_token_is_refused(plane: Control, header: str) -> None:
    with plane.http() as stranger:
        answer = stranger.get("/v1/items", headers=[(b"Authorization", header.encode())])
    assert answer.status_code == 401


def test_a_token_of_another_kind_or_too_old_is_refused(plane: Control) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    with plane.ledger.write() as connection:
        old = grants.issue(connection, GrantKind.TOKEN, "olga", now=long_ago)
    for secret in (old, plane.grant(GrantKind.LINK), plane.grant(GrantKind.SESSION)):
        with plane.http(Authorization=f"Bearer {secret}") as stranger:
            assert stranger.get("/v1/items").status_code == 401


def test_a_link_signs_one_browser_in_once(plane: Control) -> None:
    with plane.signed_in() as program:
        made = program.post("/v1/links")
    assert made.status_code == 201
    assert made.json()["valid_s"] == 900
    address = urlsplit(made.json()["url"])
    assert f"{address.scheme}://{address.netloc}" == ADDRESS
    with plane.http() as browser:
        for _ in range(3):  # a preview looks at the page, and does not use the link up
            assert browser.get(f"{address.path}?{address.query}").status_code == 200
        link = parse_qs(address.query)["link"][0]
        answer = browser.post("/sign-in", data={"link": link}, headers=SAME_ORIGIN)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        assert browser.get("/v1/items").status_code == 200
    with plane.http() as other:
        again = other.post("/sign-in", data={"link": link}, headers=SAME_ORIGIN)
        assert again.status_code == 401
        assert "used before" in again.json()["detail"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(plane: Control) -> None:
    with plane.http() as browser:
        cookie = sign_in(plane, browser).headers["set-cookie"]
        assert cookie.startswith(f"{SESSION_COOKIE}=")
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie, "plain http on a laptop"
    with httpx.Client(base_url="https://control.test", transport=plane.transport) as browser:
        assert "Secure" in sign_in(plane, browser).headers["set-cookie"]


def test_a_session_makes_no_further_links(plane: Control) -> None:
    with plane.http() as browser:
        sign_in(plane, browser)
        assert browser.post("/v1/links", headers=SAME_ORIGIN).status_code == 401


def test_signing_out_ends_the_session_on_the_server_too(plane: Control) -> None:
    with plane.http() as browser:
        sign_in(plane, browser)
        session = browser.cookies[SESSION_COOKIE]
        assert browser.post("/sign-out", headers=SAME_ORIGIN).headers["location"] == "/signed-out"
        assert SESSION_COOKIE not in browser.cookies
        browser.cookies.set(SESSION_COOKIE, session)
        assert browser.get("/v1/items").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": ADDRESS}, 201),
        ({"Origin": ADDRESS}, 201),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "http://control.test:81"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ADDRESS}, 403),
    ],
)
def test_with_a_cookie_only_our_own_pages_change_anything(plane: Control, headers: dict[str, str], status: int) -> None:
    with plane.http() as browser:
        sign_in(plane, browser)
        assert browser.post("/v1/objects", content=b"x", headers=headers).status_code == status
        assert browser.get("/v1/items", headers=headers).status_code == 200


def test_another_site_cannot_sign_a_browser_in_or_out(plane: Control) -> None:
    with plane.http() as browser:
        link = plane.grant(GrantKind.LINK)
        assert browser.post("/sign-in", data={"link": link}).status_code == 403
        sign_in(plane, browser)
        assert browser.post("/sign-out", headers={"Origin": "http://evil.test"}).status_code == 403
        assert browser.get("/v1/items").status_code == 200


def test_a_program_with_a_token_needs_no_origin(plane: Control) -> None:
    with plane.signed_in() as program:
        assert program.post("/v1/objects", content=b"x").status_code == 201


def test_no_secret_is_in_the_ledger(plane: Control) -> None:
    with plane.http() as browser:
        sign_in(plane, browser)
        secrets = [plane.token, browser.cookies[SESSION_COOKIE]]
    everything = b"".join(file.read_bytes() for file in plane.settings.home.glob("ledger.db*"))
    assert b"operator" in everything
    assert not any(secret.encode() in everything for secret in secrets)
