"""Who may do what: every address stands in one table, and a refusal says which role it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from samdrift_platform.control.permissions import TABLE, Need, Right, permitted, roles_for
from samdrift_platform.governance.permissions import Duty
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.tables import statements
from samdrift_platform.portal import governing, inbox
from samdrift_registry.people import Role
from samdrift_testing.control import Control, control
from samdrift_testing.governing import opened

SAMPLE = {
    "{name}": "tallying", "{version}": "1", "{subject}": "olga", "{reference}": "sha256:" + "0" * 64,
    "{alarm_id}": "sha256:" + "0" * 64, "{item_id}": "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
    "{submission_id}": "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
}  # fmt: skip
IN_ROLE = {role: f"one-{role}" for role in Role}


@pytest.fixture(scope="module")
def staffed(module_path: Path) -> Iterator[Control]:
    """An installation with one person in each role, beside those of the office."""
    with control(module_path / "staffed") as running:
        office = opened(running.ledger, running.settings.home, now=datetime.now(UTC))
        for role, person in IN_ROLE.items():
            office.governance.appoint(person, [role], actor="operator", now=office.now)
        yield running


def ask(plane: Control, subject: str, address: str) -> httpx.Response:
    method, path = address.split(" ")
    for name, value in SAMPLE.items():
        path = path.replace(name, value)
    with plane.http(Authorization=f"Bearer {plane.grant(GrantKind.TOKEN, subject)}") as http:
        return http.request(method, path, content=b"{}")


def test_every_route_of_the_api_stands_in_the_table_and_nothing_else_does(shared_plane: Control) -> None:
    paths = shared_plane.app.openapi()["paths"].items()
    routes = {f"{method.upper()} {path}" for path, found in paths for method in found if path.startswith("/v1/")}
    assert {address for address in TABLE if " /v1/" in address} == routes


def test_every_form_of_the_portal_stands_in_the_table_and_nothing_else_does() -> None:
    found = [route for router in (governing.router, inbox.router) for route in router.routes]
    routes = [route for route in found if isinstance(route, APIRoute) and "POST" in (route.methods or ())]
    assert {address for address in TABLE if " /v1/" not in address} == {f"POST {route.path}" for route in routes}
    assert all(permitted in {each.dependency for each in route.dependencies} for route in routes)


@pytest.mark.parametrize("address", sorted(TABLE))
def test_each_role_may_use_an_address_exactly_when_the_table_says_so(staffed: Control, address: str) -> None:
    need = TABLE[address]
    for role, person in IN_ROLE.items():
        answer = ask(staffed, person, address)
        refused = answer.status_code == 403 and f"may not {need}" in answer.text
        assert refused == (bool(roles_for(need)) and role not in roles_for(need)), (address, role, answer.text)
        if refused:
            assert all(role in answer.text for role in roles_for(need))


@pytest.mark.parametrize("need", [*Right, *Duty])
def test_who_was_never_appointed_brings_work_and_does_nothing_else(staffed: Control, need: Need) -> None:
    appointments = staffed.app.state.appointments
    assert appointments.may("pacs", need) == (need in (Right.SIGNED_IN, Right.WORK))


def test_roles_are_taken_away_at_once(plane: Control) -> None:
    office = opened(plane.ledger, plane.settings.home)
    appointments = plane.app.state.appointments
    assert appointments.may("tim", Duty.DEPLOY)
    office.governance.appoint("tim", [Role.AUDITOR], actor="operator", now=office.now)
    assert not appointments.may("tim", Duty.DEPLOY)
    assert not appointments.may("tim", Right.WORK)


def test_a_journal_that_was_edited_lets_work_in_and_nobody_govern(plane: Control) -> None:
    opened(plane.ledger, plane.settings.home)
    with plane.ledger.write() as connection:
        for trigger in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS statements_no_{trigger}")
        edited = sa.func.replace(statements.c.document, "auditor", "operator")
        edited = sa.func.replace(edited, "clinical", "operator")
        connection.execute(sa.update(statements).values(document=edited))
    with plane.http(Authorization=f"Bearer {plane.grant(GrantKind.TOKEN, 'clara')}") as http:
        assert http.post("/v1/objects", content=b"x").status_code == 201
        answer = http.put("/v1/people/mallory", json={"roles": ["operator"]})
    assert answer.status_code == 409
    assert "edited" in answer.json()["detail"]


def test_an_address_that_is_in_no_table_answers_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE, "GET /v1/items")
    with control(tmp_path) as plane, plane.signed_in() as http:
        assert http.get("/v1/items").status_code == 403
