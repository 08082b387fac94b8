from __future__ import annotations

import shutil
from datetime import UTC, datetime

import httpx
import pytest

from samdrift_platform.ledger import audit
from samdrift_registry.inventory import digest_of, inventory
from samdrift_registry.keys import signing_key
from samdrift_registry.manifest import Manifest, sign
from samdrift_registry.store import ManifestStore
from samdrift_testing.control import Control


@pytest.fixture
def digests(plane: Control) -> dict[int, str]:
    return {version: register(plane, version) for version in (1, 2)}


def register(plane: Control, version: int) -> str:
    store = ManifestStore(plane.settings.home)
    staging = plane.settings.home / f"staging-{version}"
    staging.mkdir(parents=True)
    (staging / "model.json").write_text(f'{{"version": {version}}}')
    files = inventory(staging)
    manifest = Manifest(
        name="counter",
        version=version,
        source="runs:/r/model",
        run_id="r",
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        files=files,
        digest=digest_of(files),
    )
    shutil.copytree(staging, store.folder(manifest.digest))
    store.add(sign(manifest, signing_key(store.keys_folder)))
    return manifest.digest


def pin(http: httpx.Client, version: int, digest: str) -> httpx.Response:
    return http.post("/v1/models/counter/pin", json={"version": version, "digest": digest})


def test_without_a_registry_nothing_is_listed(http: httpx.Client) -> None:
    assert http.get("/v1/models").json() == {"versions": [], "pins": []}


def test_versions_are_listed_and_the_pinned_one_is_marked(http: httpx.Client, digests: dict[int, str]) -> None:
    answer = pin(http, 2, digests[2])
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["pinned_by"]) == (2, "operator")
    found = http.get("/v1/models").json()
    versions = [(one["model"], one["version"], one["digest"], one["pinned"]) for one in found["versions"]]
    assert versions == [("counter", 1, digests[1], False), ("counter", 2, digests[2], True)]
    assert [(one["model"], one["version"], one["digest"]) for one in found["pins"]] == [("counter", 2, digests[2])]


def test_pinning_is_audited_and_can_go_back(plane: Control, http: httpx.Client, digests: dict[int, str]) -> None:
    for version in (2, 1):
        assert pin(http, version, digests[version]).status_code == 200
    with plane.ledger.read() as connection:
        latest = audit.latest(connection, limit=2)
    assert [(one.actor, one.action, one.subject) for one in latest] == [
        ("operator", "model.pinned", "model:counter/1"),
        ("operator", "model.pinned", "model:counter/2"),
    ]


def test_a_digest_of_another_version_is_refused(http: httpx.Client, digests: dict[int, str]) -> None:
    answer = pin(http, 1, digests[2])
    assert answer.status_code == 409
    assert answer.json()["field"] == "/digest"
    assert http.get("/v1/models").json()["pins"] == []


def test_a_version_whose_files_were_changed_cannot_be_pinned(
    plane: Control, http: httpx.Client, digests: dict[int, str]
) -> None:
    file = ManifestStore(plane.settings.home).folder(digests[1]) / "model.json"
    file.write_text('{"version": 7}')
    answer = pin(http, 1, digests[1])
    assert answer.status_code == 409
    assert "Restore" in answer.json()["detail"]
    assert http.get("/v1/models").json()["pins"] == []
