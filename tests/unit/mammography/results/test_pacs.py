from __future__ import annotations

import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.results.dimse_pacs import DimsePacs
from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import PacsReceiver, open_pacs, receiver
from samdrift_mammography.results.pacs_address import DimseAddress
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import CannotTellError, SettingError, TryAgainError
from samdrift_testing.reports import entry, report, report_uid

KEY = UUID(int=1)


class Shelf:
    """A PACS in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def store(self, data: bytes, instance: Instance) -> None:
        self.held[instance.sop_instance_uid] = data

    def holds(self, instance: Instance) -> bool:
        return instance.sop_instance_uid in self.held


def test_a_document_is_sent_as_it_was_stored_and_found_afterwards() -> None:
    store, shelf = MemoryStore(), Shelf()
    pacs = PacsReceiver(shelf, store)
    request = entry(1, store.put(report(1)))
    assert pacs.find(KEY, request) is None
    assert pacs.deliver(KEY, request) == pacs.find(KEY, request) == {"sop_instance_uid": report_uid(1), "listed": True}
    assert shelf.held == {report_uid(1): report(1)}


def test_a_document_that_was_lost_is_left_to_a_person() -> None:
    with pytest.raises(CannotTellError, match="nothing was sent"):
        PacsReceiver(Shelf(), MemoryStore()).deliver(KEY, entry(1, "sha256:" + "0" * 64))


def test_an_object_store_that_is_away_is_waited_for() -> None:
    class Away(MemoryStore):
        def get(self, reference: str) -> bytes:
            raise ConnectionError(reference)

    with pytest.raises(TryAgainError, match="object store"):
        PacsReceiver(Shelf(), Away()).deliver(KEY, entry(1, "sha256:" + "0" * 64))


@pytest.mark.parametrize("address", ["", "nowhere", "https://u:p@pacs.example/"])
def test_a_pacs_that_cannot_be_used_waits_for_its_setting(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS", address)
    for act in (receiver().deliver, receiver().find):
        with pytest.raises(TryAgainError):
            act(KEY, entry(1, "sha256:" + "0" * 64))


def test_an_instance_is_read_from_its_file() -> None:
    assert Instance.of_file(report(3)).sop_instance_uid == report_uid(3)


@given(st.binary(max_size=300), st.integers(0, 900))
def test_whatever_a_file_is_it_is_read_or_called_unreadable(noise: bytes, cut: int) -> None:
    whole = report(1)
    for data in (noise, whole[:cut], whole[:cut] + noise + whole[cut + len(noise) :]):
        with contextlib.suppress(UnreadableFileError):
            assert Instance.of_file(data).sop_instance_uid


def test_a_file_without_a_transfer_syntax_cannot_be_sent() -> None:
    nowhere = DimsePacs(DimseAddress(ae_title="NOBODY", host="127.0.0.1", port=1), calling="SAMDRIFT")
    for data in (b"", b"not DICOM", report(1)[:200]):
        with pytest.raises(UnreadableFileError):
            nowhere.store(data, Instance.of_file(report(1)))


def test_a_title_that_is_none_is_said_so() -> None:
    with pytest.raises(SettingError, match="SAMDRIFT_MAMMOGRAPHY_AE_TITLE"):
        open_pacs("dicom://PACS@127.0.0.1:104", calling="SEVENTEENLETTERSX")
