"""The demonstration's letters, with and without the official messages and KLE; a second run does nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_rpa.demonstration import digital_post
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.post_office import Office


def shown(office: Office, folder: Path) -> dict[str, str]:
    peer = CaseSystem(folder / "case-system", digital_post.FAULTS)
    peer.start()
    try:
        digital_post.submit(office.client, folder)
        office.work()
        office.deliver(peer)
        found = list(digital_post.findings(office.client, folder))
    finally:
        peer.kill()
    assert [finding for finding in found if not finding.ok] == []
    return {finding.what: finding.value for finding in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "demonstration"
    folder.mkdir()
    return folder


def test_letters_of_ours_without_any_data(office: Office, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAMDRIFT_DATA", "SAMDRIFT_RPA_KLE", "SAMDRIFT_RPA_RULES"):
        monkeypatch.delenv(name, raising=False)
    office.start()
    values = shown(office, folder)
    assert values["Letters journalised, each once by the case system's own log"] == "5 of 5"
    assert values["Acknowledgements sent, each once"] == "4 of 4"
    assert values["Cases found or created"] == "4 for 5 letters"
    assert values["Letters sorted by"] == "legal notification: 1, subject: 4, waits for a person: 2"
    assert shown(office, folder) == values


@pytest.mark.data
def test_official_messages_come_along_where_the_data_are(office: Office, folder: Path, memo: Path) -> None:
    values = shown(office, folder)
    assert values["Letters journalised, each once by the case system's own log"] == "5 of 5"
    assert values["Letters sorted by"] == "legal notification: 1, subject: 4, waits for a person: 4"
