from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from samdrift_platform.ledger import audit
from samdrift_testing.control import Control


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"x" * 200_000])
def test_bytes_come_back_as_they_were(http: httpx.Client, data: bytes) -> None:
    stored = http.post("/v1/objects", content=data)
    reference = "sha256:" + hashlib.sha256(data).hexdigest()
    assert stored.status_code == 201
    assert stored.json() == {"reference": reference, "size_bytes": len(data)}
    answer = http.get(stored.headers["location"])
    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_same_bytes_twice_are_the_same_object(http: httpx.Client) -> None:
    first, again = (http.post("/v1/objects", content=b"same") for _ in range(2))
    assert first.json() == again.json()


def test_an_object_that_was_changed_on_disk_is_not_handed_out(plane: Control, http: httpx.Client) -> None:
    reference = http.post("/v1/objects", content=b"true").json()["reference"]
    (file,) = Path(plane.settings.home, "objects").glob(f"*/{reference.removeprefix('sha256:')}")
    file.write_bytes(b"false")
    answer = http.get(f"/v1/objects/{reference}")
    assert answer.status_code == 404
    assert "Restore" in answer.json()["detail"]


def test_who_reads_an_object_is_recorded(plane: Control, http: httpx.Client) -> None:
    reference = http.post("/v1/objects", content=b"a letter").json()["reference"]
    http.get(f"/v1/objects/{reference}")
    http.get(f"/v1/objects/sha256:{'0' * 64}")
    with plane.ledger.read() as connection:
        events = [each for each in audit.latest(connection) if each.action == "object.read"]
    assert [(each.actor, each.subject) for each in events] == [("operator", f"object:{reference}")]
