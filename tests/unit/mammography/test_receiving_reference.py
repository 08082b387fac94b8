"""The page about the listener says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import UID

from samdrift_mammography.intake.dimse import STORAGE_CLASSES, TRANSFER_SYNTAXES
from samdrift_mammography.intake.limits import Limits
from samdrift_mammography.intake.storing import COMMENTS, StoreStatus

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "dicom-receiving.md").read_text()


def test_sop_classes_and_transfer_syntaxes() -> None:
    listed = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| ") and line.endswith("` |")}
    assert listed == {*STORAGE_CLASSES, *TRANSFER_SYNTAXES}


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
def test_transfer_syntaxes_are_what_they_are_called(syntax: str) -> None:
    assert f"| {UID(syntax).name} | `{syntax}` |" in PAGE


@pytest.mark.parametrize("status", StoreStatus)
def test_statuses(status: StoreStatus) -> None:
    assert f"| {status:04X} | {status.name.lower()} | " in PAGE


@pytest.mark.parametrize("comment", COMMENTS.values())
def test_comments_fit_into_their_element(comment: str) -> None:
    assert 0 < len(comment) <= 64  # VR LO (PS3.5 section 6.2)
    assert "\\" not in comment


def test_bounds() -> None:
    limits, kib, mib = Limits(), 2**10, 2**20
    assert f"| associations at a time | {limits.associations} |" in PAGE
    assert f"| connections at a time, associated or not | {limits.connections} |" in PAGE
    assert f"| {limits.pdu_bytes // kib} KiB offered, {limits.longest_pdu_bytes // mib} MiB tolerated |" in PAGE
    assert f"| command set | {limits.command_bytes // kib} KiB |" in PAGE
    assert f"| data set of one message | {limits.message_bytes // mib} MiB |" in PAGE
    assert f"| all data sets on their way together | {limits.in_flight_bytes // mib} MiB |" in PAGE
    for waited, seconds in (
        ("from a connection to the request for an association", limits.association_s),
        ("from the first byte of a PDU to its last", limits.pdu_s),
        ("silence on an association", limits.idle_s),
        ("from the first PDU of a message to its last", limits.message_s),
    ):
        assert f"| {waited} | {seconds:.0f} s |" in PAGE
