from __future__ import annotations

from uuid import UUID

import pytest

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import PacsReceiver, receiver
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import CannotTellError, TryAgainError
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


@pytest.mark.parametrize("address", ["", "nowhere", "https://u:p@pacs.example/"])
def test_a_pacs_that_cannot_be_used_waits_for_its_setting(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS", address)
    for act in (receiver().deliver, receiver().find):
        with pytest.raises(TryAgainError):
            act(KEY, entry(1, "sha256:" + "0" * 64))


def test_an_instance_is_read_from_its_file() -> None:
    assert Instance.of_file(report(3)).sop_instance_uid == report_uid(3)
