from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.answered_errors import AnsweredError
from samdrift_platform.client import Client, StillPendingError
from samdrift_platform.contract import Outcome, Verdict
from samdrift_platform.errors import (
    BodyTooLargeError,
    ConflictError,
    InputError,
    NotFoundError,
    SettingError,
    SignInError,
)
from samdrift_platform.ledger import endings, queue
from samdrift_platform.ledger.endings import Completion
from samdrift_registry.errors import NotAllowedError
from samdrift_testing.control import ADDRESS, Control
from samdrift_testing.tallying import FATAL, document


def process_one(plane: Control) -> None:
    """What dispatcher and replica do, at once."""
    now = datetime.now(UTC)
    with plane.ledger.write() as connection:
        for claim in queue.claim(
            connection, workload="tallying", worker="w", limit=1, lease=timedelta(seconds=9), now=now
        ):
            done = Completion(outcome=Outcome(reference=claim.reference, verdict=Verdict.DONE))
            endings.complete(connection, "tallying", [(claim, done)], now=now)


def test_objects_come_back(client: Client) -> None:
    reference = client.put_object(b"bytes")
    assert client.put_object(b"bytes") == reference
    assert client.get_object(reference) == b"bytes"


def test_a_submission_and_its_items(client: Client) -> None:
    made = client.submit("tallying", document(1, 2), reference="monday")
    again = client.submit("tallying", document(1, 2), reference="monday", idempotency_key="k")
    assert again == made == client.submission(made["id"])
    assert made["items"] == {"queued": 2}
    assert [one["reference"] for one in client.submissions(workload="tallying")] == ["monday"]
    items = list(client.items(submission_id=made["id"], states=["queued"]))
    assert [item["payload"] for item in items] == [{"number": 1}, {"number": 2}]
    assert client.item(items[0]["id"])["effects"] == []
    assert list(client.items(workload="other", submission_id=made["id"])) == []


def test_items_come_page_by_page_without_gap_or_repeat(client: Client) -> None:
    client.submit("tallying", document(*range(1000, 2203)), reference="many")
    assert [item["payload"]["number"] for item in client.items(workload="tallying")] == list(range(1000, 2203))


def test_waiting_tells_how_far_it_is_until_nothing_is_pending(plane: Control) -> None:
    with Client(ADDRESS, plane.token, transport=plane.transport, sleep=lambda _: process_one(plane)) as client:
        made = client.submit("tallying", document(1, 2), reference="monday")
        seen: list[Mapping[str, Any]] = []
        assert client.wait(made["id"], on_progress=seen.append)["items"] == {"done": 2}
    assert [one["pending"] for one in seen] == [2, 1, 0]


def test_waiting_ends_with_an_error_that_says_what_is_left(client: Client) -> None:
    made = client.submit("tallying", document(1, 2), reference="monday")
    with pytest.raises(StillPendingError, match="2 of 2 items of 'monday' are still pending after 0 s"):
        client.wait(made["id"], timeout_s=0)


def test_cancel_and_retry(client: Client) -> None:
    made = client.submit("tallying", document(1, 2), reference="monday")
    first, _ = client.items()
    assert client.cancel_item(first["id"])["state"] == "cancelled"
    assert client.cancel(made["id"])["cancelled"] == 1
    with pytest.raises(ConflictError, match="Only failed items"):
        client.retry_item(first["id"])


def test_evidence(client: Client) -> None:
    assert [one["name"] for one in client.workloads()] == ["tallying"]
    assert client.models() == {"versions": [], "serving": []}
    assert client.benefits() == []
    assert client.verify_audit()["intact"]
    assert client.audit_log(limit=1)[0]["action"] == "grant.token"
    assert client.readiness()["ready"] is False
    assert client.sign_in_link()["url"].startswith(ADDRESS + "/sign-in?link=")


def test_errors_are_the_platforms_own_with_message_and_field(client: Client, plane: Control) -> None:
    with pytest.raises(NotFoundError, match="Hosted: tallying") as unknown:
        client.submit("x", {}, reference="r")
    assert unknown.value.field == "workload"
    with pytest.raises(InputError, match="/document/numbers/0") as wrong:
        client.submit("tallying", {"numbers": ["one"]}, reference="r")
    assert wrong.value.field == "/document/numbers/0"
    client.submit("tallying", document(1), reference="r")
    with pytest.raises(ConflictError, match="other content"):
        client.submit("tallying", document(2), reference="r")
    with pytest.raises(BodyTooLargeError):
        client.put_object(bytes(1024 * 1024 + 1))
    with pytest.raises(AnsweredError, match=r"Error id [0-9a-f]{12}"):
        client.submit("tallying", document(FATAL), reference="s")
    with pytest.raises(NotFoundError, match="Log it with MLflow"):
        client.model("x", 1)
    with pytest.raises(NotAllowedError, match="role operator or technical"):
        client.promote("x", 1, "better")
    with pytest.raises(InputError) as moment:
        list(client.records_of_use(since="yesterday"))
    assert moment.value.field == "since"
    with (
        Client(ADDRESS, "wrong", transport=plane.transport) as stranger,
        pytest.raises(SignInError, match="samdrift sign-in"),
    ):
        stranger.workloads()


def test_names_cannot_leave_their_place_in_the_address(client: Client) -> None:
    for name in ("../audit", "a/b", "?x=1", "#"):
        with pytest.raises((NotFoundError, InputError)):
            client.item(name)


def test_the_environment_says_where_and_as_whom(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    home = {"SAMDRIFT_HOME": str(tmp_path)}
    assert Client.from_environment(home).url == "http://127.0.0.1:8700"
    assert Client.from_environment({**home, "SAMDRIFT_PORT": "8800"}).url == "http://127.0.0.1:8800"
    (tmp_path / "url").write_text("http://127.0.0.1:9999")
    assert Client.from_environment(home).url == "http://127.0.0.1:9999", "where the running one answers"
    assert Client.from_environment({**home, "SAMDRIFT_URL": "https://samdrift.test/"}).url == "https://samdrift.test"
    token.rename(tmp_path / "elsewhere")
    with pytest.raises(SignInError, match="samdrift up"):
        Client.from_environment(home)
    assert Client.from_environment({**home, "SAMDRIFT_TOKEN_FILE": str(tmp_path / "elsewhere")})


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="http://"):
        Client("localhost:8700", "")
