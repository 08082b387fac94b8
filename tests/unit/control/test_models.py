"""Governance over HTTP: from a registered version to one that serves, and back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from samdrift_platform.ledger.grants import GrantKind
from samdrift_registry.errors import VerificationError
from samdrift_registry.people import Role
from samdrift_registry.proof import report_path
from samdrift_registry.store import ManifestStore
from samdrift_testing.control import Control
from samdrift_testing.governing import FACTS, Office, opened, policy

AT = "/v1/models/oracle/versions/1"


@pytest.fixture
def office(plane: Control) -> Office:
    return opened(plane.ledger, plane.settings.home)


def act(plane: Control, subject: str, path: str, **body: Any) -> httpx.Response:
    with plane.http(Authorization=f"Bearer {plane.grant(GrantKind.TOKEN, subject)}") as http:
        return http.post(path, json=body)


def test_without_a_registry_nothing_is_listed(http: httpx.Client) -> None:
    assert http.get("/v1/models").json() == {"versions": [], "serving": []}


def test_the_whole_way_from_a_draft_to_a_champion(plane: Control, http: httpx.Client, office: Office) -> None:
    digest = office.register()
    found = http.get(AT).json()
    assert (found["state"], found["digest"], found["registered_by"]) == ("draft", digest, "dora")
    assert found["blocked"]
    office.evaluate()
    declared = act(plane, "dora", f"{AT}/declare", facts=FACTS)
    assert declared.status_code == 200, declared.text
    assert declared.json()["declaration"]["facts"] == FACTS
    evidence = declared.json()["evidence"]
    for person, role in (("clara", "clinical"), ("tim", "technical")):
        approved = act(plane, person, f"{AT}/approve", role=role, note="read", **evidence)
        assert approved.status_code == 200, approved.text
    assert approved.json()["state"] == "approved"
    assert [(one["person"], one["role"]) for one in approved.json()["approvals"]] == [
        ("clara", "clinical"), ("tim", "technical"),
    ]  # fmt: skip
    promoted = act(plane, "operator", f"{AT}/promote", reason="it is good")
    assert (promoted.status_code, promoted.json()["state"]) == (200, "champion")
    (serving,) = http.get("/v1/models").json()["serving"]
    assert (serving["slot"], serving["version"], serving["digest"], serving["made_by"]) == (
        "champion", 1, digest, "operator",
    )  # fmt: skip


def test_nobody_approves_in_a_role_that_is_not_theirs_nor_what_they_registered(plane: Control, office: Office) -> None:
    office.governance.appoint("dora", [Role.TECHNICAL], actor="operator", now=office.now)
    office.register()
    office.evaluate()
    office.declare()
    evidence = vars(office.seen())
    own = act(plane, "dora", f"{AT}/approve", role="technical", **evidence)
    assert (own.status_code, "registered the version themselves" in own.json()["detail"]) == (403, True)
    other = act(plane, "clara", f"{AT}/approve", role="technical", **evidence)
    assert (other.status_code, "does not have the role technical" in other.json()["detail"]) == (403, True)
    stale = act(plane, "clara", f"{AT}/approve", role="clinical", **(evidence | {"report": "sha256:" + "1" * 64}))
    assert (stale.status_code, "Look again" in stale.json()["detail"]) == (409, True)


def test_an_approval_is_taken_back_and_blocks(plane: Control, office: Office) -> None:
    office.approved()
    taken = act(plane, "tim", f"{AT}/withdraw", reason="I misread a table")
    assert (taken.status_code, taken.json()["state"]) == (200, "evaluated")
    assert "misread" in " ".join(taken.json()["notes"])
    refused = act(plane, "operator", f"{AT}/promote", reason="now")
    assert refused.status_code == 409
    assert "technical" in refused.json()["detail"]


def test_shadow_canary_clear_rollback_and_retirement(plane: Control, office: Office) -> None:
    office.serve(1)
    office.approved(2)
    second = "/v1/models/oracle/versions/2"
    assert act(plane, "operator", f"{second}/shadow", reason="compare").json()["state"] == "shadow"
    assert act(plane, "operator", f"{second}/canary", reason="try", share=0.2).json()["serving"][0]["share"] == 0.2
    assert act(plane, "operator", f"{second}/canary", reason="all", share=1).status_code == 422
    cleared = act(plane, "operator", "/v1/models/oracle/clear", slot="canary", reason="seen enough")
    assert (cleared.status_code, cleared.json()["state"]) == (200, "approved")
    assert act(plane, "operator", f"{second}/promote", reason="better").json()["state"] == "champion"
    assert act(plane, "operator", f"{second}/retire", reason="old").status_code == 409
    back = act(plane, "clara", "/v1/models/oracle/rollback", reason="recalls doubled")
    assert (back.json()["version"], back.json()["state"]) == (1, "champion")
    assert act(plane, "operator", f"{second}/retire", reason="old").json()["state"] == "retired"
    assert act(plane, "operator", "/v1/models/oracle/rollback", reason="x", to=2).status_code == 409


def test_a_version_whose_files_were_changed_is_refused_as_a_conflict(plane: Control, office: Office) -> None:
    office.approved()
    store = ManifestStore(plane.settings.home)
    file = next(path for path in store.folder(office.seen().digest).rglob("*") if path.is_file())
    file.chmod(0o644)
    file.write_bytes(b"other")
    answer = act(plane, "operator", f"{AT}/promote", reason="now")
    assert answer.status_code == 409
    assert "Restore" in answer.json()["detail"]


def test_the_report_is_answered_byte_for_byte_and_as_a_page_that_runs_nothing(
    plane: Control, http: httpx.Client, office: Office
) -> None:
    office.register()
    assert http.get(f"{AT}/report").status_code == 404
    office.evaluate()
    digest = http.get(AT).json()["evaluation"]["report"]
    answer = http.get(f"{AT}/report")
    assert answer.content == report_path(plane.settings.home, digest).read_bytes()
    page = http.get(f"{AT}/report", params={"format": "html", "language": "da"})
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert '<html lang="da">' in page.text
    assert "0.70" in page.text or "0,70" in page.text


def test_a_report_that_was_edited_is_not_shown(plane: Control, http: httpx.Client, office: Office) -> None:
    office.register()
    office.evaluate()
    path = report_path(plane.settings.home, http.get(AT).json()["evaluation"]["report"])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"0.6", b"0.9"))
    answer = http.get(f"{AT}/report")
    assert (answer.status_code, "not the file that was signed" in answer.json()["detail"]) == (
        VerificationError.status,
        True,
    )


@pytest.mark.parametrize("name", ["card", "annex-iv"])
@pytest.mark.parametrize(
    ("form", "kind"), [("json", "application/json"), ("html", "text/html"), ("markdown", "text/markdown")]
)
def test_card_and_technical_documentation_in_each_form(
    http: httpx.Client, office: Office, name: str, form: str, kind: str
) -> None:
    office.serve()
    answer = http.get(f"{AT}/{name}", params={"format": form, "language": "da"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert f"oracle-1-{name}" in answer.headers["content-disposition"]
    assert http.get(f"/v1/models/oracle/versions/9/{name}").status_code == 404


def test_history_says_who_did_what_and_what_served_when(http: httpx.Client, office: Office) -> None:
    office.serve()
    found = http.get("/v1/models/oracle/history").json()
    assert [entry["what"] for entry in found["entries"]] == [
        "registered", "evaluated", "declared", "approved", "approved", "deployed",
    ]  # fmt: skip
    (served,) = found["serving"]
    assert (served["version"], served["slot"], served["until"], served["by"]) == (1, "champion", None, "operator")
    assert http.get("/v1/models/nothing/history").status_code == 404


def test_a_policy_comes_into_force_and_replaces_the_one_before(http: httpx.Client, office: Office) -> None:
    (before,) = http.get("/v1/policies").json()["policies"]
    assert (before["policy"], before["people"]) == ("guessing/1", 2)
    after = http.post("/v1/policies", content=policy(2, people=3))
    assert (after.status_code, after.json()["policy"], after.json()["people"]) == (200, "guessing/2", 3)
    assert http.post("/v1/policies", content=policy(1, least=0.4)).status_code == 409
    assert http.post("/v1/policies", content=b"name: [").status_code == 422


def test_the_catalogue_is_turtle(http: httpx.Client, office: Office) -> None:
    office.serve()
    answer = http.get("/v1/catalogue")
    assert answer.headers["content-type"].startswith("text/turtle")
    assert "oracle" in answer.text
