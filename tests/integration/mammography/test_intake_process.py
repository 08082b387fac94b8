"""The intake as a process: it listens, watches, hands exams on, tells how it is, and ends when it is asked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samdrift_mammography.views import View
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.processes import Process
from samdrift_platform.ledger.tables import submissions
from samdrift_testing.dicom_peer import associated, data_set_of, listens
from samdrift_testing.killed_intake import STARTED_S, KilledIntake
from samdrift_testing.ports import free_ports
from samdrift_testing.screening_study import mammogram, part10
from samdrift_testing.waiting import wait_until

#: The publisher's fictitious woman, as a log could name her.
PERSONAL = ("Berggren", "2512489996", "251248", "19481225")


@pytest.fixture
def intake(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KilledIntake]:
    (tmp_path / "watched").mkdir()
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_FOLDER", str(tmp_path / "watched"))
    (port,) = free_ports(1)
    with KilledIntake(home=tmp_path, ledger_url=sqlite_url, port=port) as running:
        yield running


def view(which: View) -> tuple[str, bytes]:
    image = mammogram(which, Rows=8, Columns=8, PixelData=bytes(128))
    return image.SOPInstanceUID, part10(image)


def reported(url: str) -> Process | None:
    with closing(Ledger(url)) as ledger, ledger.read() as connection:
        return next((each for each in processes.all_of(connection) if each.name == "mammography-intake"), None)


def handed_on(url: str) -> list[str]:
    with closing(Ledger(url)) as ledger, ledger.read() as connection:
        return list(connection.execute(sa.select(submissions.c.reference)).scalars())


def test_an_exam_that_comes_in_two_ways_is_handed_on_once(intake: KilledIntake, tmp_path: Path) -> None:
    with associated(intake.port) as peer:
        for which in (View.RCC, View.LCC, View.RMLO):
            uid, data = view(which)
            assert peer.store(uid, data_set_of(data)) == 0
    assert handed_on(intake.ledger_url) == []
    _, last = view(View.LMLO)
    (tmp_path / "watched" / "Nancy Ann Berggren.dcm").write_bytes(last)
    wait_until("it is handed on", lambda: bool(handed_on(intake.ledger_url)))
    (reference,) = handed_on(intake.ledger_url)
    assert reference.startswith(f"received/{mammogram(View.RCC).StudyInstanceUID}/")
    wait_until("the file lies aside", (tmp_path / "watched" / "done" / "Nancy Ann Berggren.dcm").exists)


def test_it_tells_how_it_is_and_of_nobody(intake: KilledIntake, tmp_path: Path) -> None:
    (tmp_path / "watched" / "2512489996").write_bytes(b"Berggren" * 100)
    with associated(intake.port) as peer:
        uid, data = view(View.RCC)
        assert peer.store(uid, data_set_of(data)) == 0
        assert peer.store(uid, data_set_of(data)[:-10]) == 0xB007

    def told() -> bool:
        process = reported(intake.ledger_url)
        files = {"taken": 1, "quarantined": 1}
        return process is not None and process.detail.get("dicom_files") == files and "folder_files" in process.detail

    wait_until("it says what it received", told)
    process = reported(intake.ledger_url)
    assert process is not None
    assert process.alive(datetime.now(UTC))
    assert process.detail["dicom"] == f"SAMDRIFT@127.0.0.1:{intake.port}"
    assert intake.stop() == 0
    log = (tmp_path / "intake.log").read_text()
    assert "in quarantine" in log
    assert not [word for word in PERSONAL if word in log or word in str(process.detail)]


def test_a_port_that_is_taken_is_said_in_a_sentence(intake: KilledIntake, tmp_path: Path) -> None:
    second = KilledIntake(home=tmp_path / "second", ledger_url=intake.ledger_url, port=intake.port)
    second.home.mkdir()
    second.start()  # somebody listens there: the first
    wait_until("it has ended", lambda: second.ended is not None, timeout_s=STARTED_S)
    assert second.ended == 1
    log = (second.home / "intake.log").read_text()
    assert f"Nothing can listen on 127.0.0.1:{intake.port}" in log
    assert "Traceback" not in log


def test_in_the_foreground_it_says_where_to_send_and_who_may(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [str(Path(sys.executable).with_name("samdrift")), "mammography", "listen", "--calling", "MODALITY1"]
    environment = {**os.environ, "SAMDRIFT_HOME": str(tmp_path)}
    with (
        (tmp_path / "out").open("wb") as output,
        subprocess.Popen(
            [*command, "--port", str(port)], env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            wait_until("it listens", lambda: listens(port), timeout_s=STARTED_S)
            with associated(port) as peer:
                assert peer.echo() == 0
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(STARTED_S) == 0
    told = (tmp_path / "out").read_text()
    assert "Not a medical device" in told
    assert f"SAMDRIFT at 127.0.0.1:{port}" in told
    assert "may send: MODALITY1" in told


def test_a_title_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("samdrift")),
        "mammography",
        "listen",
        "--calling",
        "SEVENTEEN_LETTERS",
    ]
    environment = {**os.environ, "SAMDRIFT_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=STARTED_S, check=False)
    assert done.returncode == 1
    assert "is no AE title" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
