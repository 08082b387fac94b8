"""`samdrift mammography send` as a process, to a real PACS and to one that does not keep its word."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from samdrift_testing.orthanc import PASSWORD, USER, Orthanc
from samdrift_testing.reports import report, report_uid
from samdrift_testing.scripted_pacs import Act, ScriptedPacs
from samdrift_testing.trees import samdrift


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three reports in two levels."""
    root = tmp_path / "reports"
    (root / "second").mkdir(parents=True)
    for number, name in ((1, "1.dcm"), (2, "2.dcm"), (3, "second/3")):
        (root / name).write_bytes(report(number))
    return root


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with Orthanc(folder=tmp_path / "orthanc") as started:
        yield started


def run(folder: Path, to: str, *options: str) -> tuple[int, dict[str, dict[str, str]], str]:
    """Exit status, file -> its line, and standard error."""
    command = samdrift("mammography", "send", str(folder), "--to", to, "--json-lines", *options)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {line["file"]: line for line in lines}, done.stderr


@pytest.mark.parametrize("way", ["dicom", "dicomweb"])
def test_orthanc_lists_every_file(folder: Path, orthanc: Orthanc, tmp_path: Path, way: str) -> None:
    (tmp_path / "credentials").write_text(f"{USER}:{PASSWORD}")
    credentials = ["--credentials", str(tmp_path / "credentials")]
    for _ in range(2):  # again: nothing is stored twice
        status, lines, error = run(folder, getattr(orthanc, way), *credentials)
        assert (status, error) == (0, "")
        assert {name: (line["sop_instance_uid"], line["status"]) for name, line in lines.items()} == {
            "1.dcm": (report_uid(1), "listed"),
            "2.dcm": (report_uid(2), "listed"),
            "second/3": (report_uid(3), "listed"),
        }
    assert orthanc.instances() == sorted(report_uid(number) for number in (1, 2, 3))


def test_a_file_that_is_not_confirmed_fails_the_command_and_stops_no_other(folder: Path) -> None:
    (folder / "notes.txt").write_text("not DICOM")
    with ScriptedPacs(script=[Act.SAY_SUCCESS_ONLY, Act.REFUSE]) as pacs:
        status, lines, _ = run(folder, pacs.address, "--calling", "WORKSTATION")
        assert pacs.stored == {report_uid(3): 1}
    assert status == 1
    assert {name: line["status"] for name, line in lines.items()} == {
        "1.dcm": "not-confirmed",
        "2.dcm": "refused",
        "notes.txt": "unreadable",
        "second/3": "listed",
    }
    assert all(line["reason"] for line in lines.values() if line["status"] != "listed")


def test_the_title_that_calls_can_be_chosen(folder: Path) -> None:
    with ScriptedPacs(callers=["WORKSTATION"]) as pacs:
        assert run(folder, pacs.address)[0] == 1
        assert run(folder, pacs.address, "--calling", "WORKSTATION")[0] == 0


def test_an_address_that_is_none_is_said_so(folder: Path) -> None:
    status, lines, error = run(folder, "https://ris:geheim@pacs.example/")
    assert (status != 0, lines) == (True, {})
    assert "SAMDRIFT_MAMMOGRAPHY_PACS_CREDENTIALS" in error
    assert "geheim" not in error
