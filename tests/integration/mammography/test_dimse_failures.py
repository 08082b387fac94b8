"""The disk is full, the ledger is away, the intake is killed: what a sender heard "success" for is there."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from samdrift_mammography.intake.limits import Limits
from samdrift_mammography.views import View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore, StoreFullError
from samdrift_testing.dcmtk import dcmtk, to
from samdrift_testing.dicom_peer import associated, data_set_of
from samdrift_testing.intake_desk import ListeningDesk, generous, held, listening_desk
from samdrift_testing.killed_intake import KilledIntake, Senders
from samdrift_testing.ports import free_ports
from samdrift_testing.postgresql import NoPostgreSQLError, PostgreSQL, running_postgresql
from samdrift_testing.screening_study import mammogram, part10
from samdrift_testing.waiting import wait_until

UID = "1.2.826.0.1.3680043.8.498.1.{}"
SUCCESS, OUT_OF_RESOURCES, PROCESSING_FAILURE = 0, 0xA700, 0x0110


def image(number: int, **tags: Any) -> bytes:
    """A small mammogram's data set."""
    small: dict[str, Any] = {"Rows": 8, "Columns": 8, "PixelData": bytes([number % 256]) * 128}
    return data_set_of(part10(mammogram(View.RCC, SOPInstanceUID=UID.format(number), **{**small, **tags})))


def sent(desk: ListeningDesk, *numbers: int) -> list[int]:
    with associated(desk.port) as peer:
        return [peer.store(UID.format(number), image(number)) for number in numbers]


class FailingStore(MemoryStore):
    """Raises what it is told to."""

    error: Exception | None = None

    def put(self, data: bytes) -> str:
        if self.error:
            raise self.error
        return super().put(data)


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreFullError(), OUT_OF_RESOURCES), (RuntimeError("2512489996"), PROCESSING_FAILURE)],
    ids=["full", "an error of ours"],
)
def test_what_cannot_be_kept_is_not_acknowledged_and_may_be_sent_again(
    sqlite_url: str, tmp_path: Path, error: Exception, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    store = FailingStore()
    with listening_desk(sqlite_url, tmp_path, store=store) as desk:
        store.error = error
        assert sent(desk, 1, 2) == [status, status]  # the association goes on
        assert desk.held() == {}
        store.error = None
        assert sent(desk, 1, 2) == [SUCCESS, SUCCESS]
        assert set(desk.held()) == {UID.format(1), UID.format(2)}
    assert "2512489996" not in "".join(capfd.readouterr())


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (that takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(sqlite_url: str, tmp_path: Path) -> None:
    """With DCMTK as the sender, which says what it was told."""
    large = mammogram(View.RCC, Rows=700, Columns=1000, PixelData=bytes(1_400_000))
    file = tmp_path / "large.dcm"
    file.write_bytes(part10(large))
    with small_disk(tmp_path / "disk", 2) as disk:
        store = ObjectStore(f"file://{disk / 'objects'}")
        with listening_desk(sqlite_url, tmp_path, store=store, limits=Limits()) as desk:
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(1_200_000))
            told = dcmtk("storescu", "-v", *to(desk.port), file)
            assert "Refused: OutOfResources" in told.stderr
            assert desk.held() == {}
            assert [path for path in (disk / "objects").rglob("*") if path.is_file()] == []  # nothing half written
            ballast.unlink()
            assert "(Success)" in dcmtk("storescu", "-v", *to(desk.port), file).stderr
            assert list(desk.held()) == [large.SOPInstanceUID]


@contextmanager
def own_postgresql() -> Iterator[PostgreSQL]:
    """One that may be stopped: nobody else uses it."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgresql())
        except NoPostgreSQLError as error:
            pytest.skip(str(error))
        yield server


def test_a_ledger_that_is_away_and_comes_back(tmp_path: Path) -> None:
    with own_postgresql() as server:
        url = server.create()
        migrations.upgrade(url)
        with listening_desk(url, tmp_path, limits=generous()) as desk:
            assert sent(desk, 1) == [SUCCESS]
            server.stop("immediate")
            assert sent(desk, 2, 1) == [OUT_OF_RESOURCES, OUT_OF_RESOURCES]
            server.start()
            assert sent(desk, 2, 1) == [SUCCESS, SUCCESS]
            assert set(desk.held()) == {UID.format(1), UID.format(2)}
            assert desk.set_aside() == []


KILLS, SENDERS, IMAGES_EACH = 4, 3, 120


def test_an_intake_that_is_killed_in_the_middle_loses_nothing_that_it_acknowledged(
    ledger_url: str, tmp_path: Path
) -> None:
    noise = random.Random(4)
    numbers = [range(sender * IMAGES_EACH, (sender + 1) * IMAGES_EACH) for sender in range(SENDERS)]
    data_sets = [{UID.format(number): image(number) for number in each} for each in numbers]
    (port,) = free_ports(1)
    with KilledIntake(home=tmp_path, ledger_url=ledger_url, port=port) as intake:
        senders = Senders(port=port, data_sets=data_sets)
        senders.start()
        for kill in range(1, KILLS + 1):
            enough = kill * SENDERS * IMAGES_EACH // (KILLS + 2) + noise.randrange(10)
            wait_until("some more are acknowledged", lambda: len(senders.acknowledged) >= enough)  # noqa: B023 - used at once
            intake.kill()
            with closing(Ledger(ledger_url)) as ledger:
                acknowledged = dict(senders.acknowledged)
                kept = held(ledger, ObjectStore(f"file://{tmp_path / 'objects'}"))
            assert acknowledged.items() <= {uid: data_set_of(data) for uid, data in kept.items()}.items()
            intake.start()
        senders.join(60)
        assert intake.stop() == 0
    assert senders.interrupted >= KILLS
    with closing(Ledger(ledger_url)) as ledger:
        kept = held(ledger, ObjectStore(f"file://{tmp_path / 'objects'}"))
    everything = {uid: data for images in data_sets for uid, data in images.items()}
    assert {uid: data_set_of(data) for uid, data in kept.items()} == everything
