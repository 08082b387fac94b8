"""The object store in a folder: content-addressed, durable, and honest about damage."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.objects import ObjectStore, StoreUnavailableError


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path / 'objects'}")


@given(data=st.binary(max_size=2000))
def test_a_reference_is_the_sha256_in_both_stores(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = ObjectStore(f"file://{tmp_path_factory.getbasetemp() / 'property'}")
    expected = "sha256:" + hashlib.sha256(data).hexdigest()
    assert store.put(data) == MemoryStore().put(data) == expected
    assert store.get(expected) == data


def test_the_same_bytes_are_one_file(store: ObjectStore, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(store.put, [b"film"] * 32))) == 1
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert files[0].read_bytes() == b"film"


def test_what_was_never_put_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFoundError, match="Upload it"):
        store.get("sha256:" + "0" * 64)


@pytest.mark.parametrize("reference", ["", "sha256:", "sha256:" + "g" * 64, "../" * 30, "md5:" + "0" * 64])
def test_a_reference_cannot_name_anything_else(store: ObjectStore, reference: str) -> None:
    with pytest.raises(InputError, match="sha256"):
        store.get(reference)


def test_changed_bytes_are_not_given_out(store: ObjectStore, tmp_path: Path) -> None:
    reference = store.put(b"as it was")
    path = tmp_path / "objects" / reference[7:9] / reference[7:]
    path.write_bytes(b"as it is!")
    with pytest.raises(NotFoundError, match="were changed"):
        store.get(reference)


@given(data=st.binary(max_size=2000))
def test_files_and_bytes_are_the_same_objects(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = ObjectStore(f"file://{tmp_path_factory.getbasetemp() / 'files'}")
    reference = store.put_file(BytesIO(data))
    assert reference == MemoryStore().put(data)
    assert store.get(reference) == data
    with store.open(reference) as file:
        assert file.read() == data


def test_a_file_is_taken_from_its_beginning(store: ObjectStore) -> None:
    file = BytesIO(b"film")
    file.read()
    assert store.get(store.put_file(file)) == b"film"


def test_changed_bytes_are_not_opened(store: ObjectStore, tmp_path: Path) -> None:
    reference = store.put(b"as it was")
    (tmp_path / "objects" / reference[7:9] / reference[7:]).write_bytes(b"as it is!")
    with pytest.raises(NotFoundError, match="were changed"):
        store.open(reference)
    with pytest.raises(NotFoundError, match="Upload it"):
        store.open("sha256:" + "0" * 64)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into any folder")
def test_a_folder_that_takes_nothing_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailableError, match="Nothing was recorded"):
        ObjectStore(f"file://{tmp_path}/objects").put(b"x")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A file stands where the folder should be: any user gets the error, and no half object stays."""
    (tmp_path / "objects").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="Nothing was recorded"):
        ObjectStore(f"file://{tmp_path}/objects").put(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["objects"]
