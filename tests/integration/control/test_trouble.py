"""A stopped database and a full disk: a clear error now, a success later, and nothing in between."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from samdrift_platform.ledger import migrations
from samdrift_testing.control import Control, control
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql
from samdrift_testing.tallying import document

SUBMIT = "/v1/workloads/tallying/submissions"
KIB = 1024


def body(reference: str) -> dict[str, object]:
    return {"reference": reference, "document": document(*range(100, 200))}


def test_a_database_that_stops_and_comes_back(tmp_path: Path) -> None:
    try:
        with running_postgresql() as server:
            url = server.create()
            migrations.upgrade(url)
            with control(tmp_path, database_url=url) as plane, plane.signed_in() as http:
                assert http.post(SUBMIT, json=body("before")).status_code == 202
                server.stop("immediate")
                for answer in (http.post(SUBMIT, json=body("during")), http.get("/v1/items"), http.get("/readyz")):
                    assert answer.status_code == 503
                refused = http.post(SUBMIT, json=body("during"))
                assert refused.headers["retry-after"] == "2"
                assert "Nothing was recorded" in refused.json()["detail"]
                assert http.get("/healthz").status_code == 200
                server.start()
                assert http.post(SUBMIT, json=body("during")).status_code == 202
                assert http.post(SUBMIT, json=body("before")).status_code == 200
                listed = http.get("/v1/submissions").json()["submissions"]
                assert [one["reference"] for one in listed] == ["during", "before"]
    except NoPostgreSQLError as error:
        pytest.skip(str(error))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("Mounting a small tmpfs needs root.")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(KIB))
        except OSError:
            return filler


@pytest.fixture
def objects_on_small_disk(tmp_path: Path, small_disk: Path) -> Iterator[Control]:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "objects").symlink_to(small_disk)
    with control(tmp_path / "home") as plane:
        yield plane


def test_a_full_object_store(objects_on_small_disk: Control, small_disk: Path) -> None:
    with objects_on_small_disk.signed_in() as http:
        kept = http.post("/v1/objects", content=b"kept").json()["reference"]
        filler = fill(small_disk)
        refused = http.post("/v1/objects", content=bytes(100 * KIB))
        assert refused.status_code == 507
        assert "free space" in refused.json()["detail"]
        assert http.get(f"/v1/objects/{kept}").content == b"kept"
        assert not list(small_disk.glob("*/.*")), "no half object is left"
        filler.unlink()
        assert http.post("/v1/objects", content=bytes(100 * KIB)).status_code == 201


def test_a_ledger_on_a_full_disk(small_disk: Path) -> None:
    with control(small_disk / "home") as plane, plane.signed_in() as http:
        assert http.post(SUBMIT, json=body("before")).status_code == 202
        filler = fill(small_disk)
        answers: list[httpx.Response] = []
        while not answers or answers[-1].status_code == 202:  # what is left in the log's last pages
            answers.append(http.post(SUBMIT, json=body(f"during-{len(answers)}")))
        assert answers[-1].status_code == 503
        assert "Nothing was recorded" in answers[-1].json()["detail"]
        filler.unlink()
        assert http.post(SUBMIT, json=body(f"during-{len(answers) - 1}")).status_code == 202
        listed = http.get("/v1/submissions").json()["submissions"]
        assert {one["reference"] for one in listed} == {"before", *(f"during-{n}" for n in range(len(answers)))}
        assert http.get("/v1/audit/verification").json()["intact"] is True
