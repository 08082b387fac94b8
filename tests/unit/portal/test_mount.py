from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.control.app import create_app
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.migrations import upgrade
from samdrift_platform.portal import mount as mounting
from samdrift_platform.portal.testing import portal_of
from samdrift_platform.settings import Settings
from samdrift_registry.people import Role
from samdrift_testing.governing import opened
from samdrift_testing.in_process import in_process
from samdrift_water.browsing import get
from samdrift_water.workload import workload as water


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    upgrade(settings.ledger_url)
    return create_app(settings, workloads={"water": water}, ledger=Ledger(settings.ledger_url))


@pytest.mark.parametrize("path", ["/", "/fragments/work", "/benefits", "/water/", "/water/unguarded"])
def test_a_stranger_is_told_how_to_sign_in(app: FastAPI, path: str) -> None:
    answer = get(app, path, accept="text/html", accept_language="en")
    assert answer.status_code == 401
    assert "samdrift sign-in" in answer.text
    assert "flow" not in answer.text


@pytest.mark.parametrize("path", ["/was", "/not-this", "/sign-in", "/signed-out", "/static/portal/portal.css"])
def test_some_pages_are_for_everyone(app: FastAPI, path: str) -> None:
    assert get(app, path).status_code == 200


@pytest.mark.parametrize("path", ["/was", "/static/portal/portal.js", "/healthz", "/nowhere", "/v1/items"])
def test_every_answer_carries_the_security_headers(app: FastAPI, path: str) -> None:
    headers = get(app, path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")


@pytest.mark.parametrize(("language", "heading"), [("da", "Siden findes ikke"), ("en", "There is nothing here")])
def test_a_problem_is_a_page_in_the_readers_language(app: FastAPI, language: str, heading: str) -> None:
    answer = get(app, "/nowhere", accept="text/html", accept_language=language)
    assert answer.status_code == 404
    assert heading in answer.text
    assert get(app, "/nowhere", accept="application/json").headers["content-type"] == "application/problem+json"


def test_workloads_own_files_are_served(app: FastAPI) -> None:
    assert get(app, "/static/water/water.css").text == "/* nothing */\n"
    assert get(app, "/static/water/../portal.js").status_code == 404


def test_missing_style_and_scripts_are_reported_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounting, "VENDOR", tmp_path / "vendor")
    text = get(portal_of(water), "/was", accept_language="en").text
    assert "python platform/assets.py" in text


def test_the_portals_own_templates_cannot_be_replaced(tmp_path: Path) -> None:
    from samdrift_platform.portal.folders import PORTAL, PageFolder
    from samdrift_platform.portal.templating import Templates

    (tmp_path / "templates" / "gas").mkdir(parents=True)
    (tmp_path / "templates" / "macros.html").write_text("{% macro icon(name) %}mine{% endmacro %}")
    (tmp_path / "templates" / "gas" / "page.html").write_text('{% from "macros.html" import icon %}{{ icon("x") }}')
    templates = Templates([PORTAL, PageFolder(name="gas", root=tmp_path)])
    assert "<svg" in templates.render("gas/page.html", "da")


def session(app: FastAPI) -> str:
    with app.state.ledger.write() as connection:
        secret = grants.issue(connection, GrantKind.SESSION, "plumber", now=datetime.now(UTC))
    return f"{SESSION_COOKIE}={secret}"


def test_an_unexpected_error_is_a_page_with_a_number_and_no_details(app: FastAPI) -> None:
    answer = get(app, "/water/broken", accept="text/html", accept_language="da", cookie=session(app))
    assert answer.status_code == 500
    assert "Noget gik galt hos os" in answer.text
    assert "fejlnummer" in answer.text
    assert "0101700000" not in answer.text
    assert "content-security-policy" in answer.headers


def post(app: FastAPI, path: str, subject: str) -> httpx.Response:
    with app.state.ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, subject, now=datetime.now(UTC))
    with in_process(app) as transport, httpx.Client(base_url="http://portal", transport=transport) as http:
        return http.post(path, headers={"Authorization": f"Bearer {token}"})


def test_who_only_audits_changes_nothing_in_a_workload(app: FastAPI) -> None:
    office = opened(app.state.ledger, app.state.settings.home, now=datetime.now(UTC))
    office.governance.appoint("aida", [Role.AUDITOR], actor="operator", now=office.now)
    assert post(app, "/water/turn", "plumber").json() == {"valve": "turned"}
    refused = post(app, "/water/turn", "aida")
    assert refused.status_code == 403
    assert "auditor" not in refused.json()["detail"]
    assert "bring work" in refused.json()["detail"]


def test_the_document_says_that_a_workloads_addresses_take_a_token(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert paths["/water/turn"]["post"]["security"] == [{"token": []}]
    assert paths["/healthz"]["get"]["security"] == []


def test_a_ledger_that_does_not_answer_is_a_page_too(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    app = create_app(settings, workloads={}, ledger=Ledger(settings.ledger_url))  # without its tables
    answer = get(app, "/", accept="text/html", accept_language="en", cookie=f"{SESSION_COOKIE}=secret")
    assert answer.status_code == 503
    assert "A part of the platform does not answer" in answer.text
    app.state.ledger.close()


def test_a_signed_in_person_reads_the_ledger(app: FastAPI) -> None:
    text = get(app, "/", accept_language="en", cookie=session(app)).text
    assert "Nothing has been submitted yet." in text
    assert "plumber" in text
