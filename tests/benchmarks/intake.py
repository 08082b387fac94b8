"""C-STORE intake against DCMTK's `storescp` into a folder of the same file system, at 4 associations, in one run.

Both get the same full-size mammograms from the same senders, which prepare every byte before the clock starts. The
intake is the process that an installation runs: bytes hashed, synced and renamed, a row in the ledger, an exam that is
handed on when its fourth view is in, and only then the answer. `storescp` answers when it has written, and syncs
nothing; how long its files then take to be on the disk is told beside it.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import psutil
from pydicom import Dataset

from samdrift_mammography.views import View
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms, percentile, timed
from samdrift_testing.dicom_peer import associated, data_set_of, listens, store_rq
from samdrift_testing.intake_desk import held, wait_until
from samdrift_testing.killed_intake import KilledIntake
from samdrift_testing.ports import free_ports
from samdrift_testing.screening_study import COLUMNS, ROWS, mammogram, part10, pixels

ASSOCIATIONS, EXAMS_EACH, RUNS = 4, 2, 3
#: Each pixel of the study made by code so often each way: 4608 x 2912, as large as a film of CBIS-DDSM.
SCALE = (9, 7)
#: DCMTK's largest PDU is 131072 bytes; a fragment has 6 bytes of its own before it.
FRAGMENT = 131_066
#: The ratio that is asked for.
BAR = 1.5


@dataclass(frozen=True, kw_only=True)
class Run:
    """One receiver, once."""

    seconds: float
    #: Of each image, from its first byte to the answer.
    image_s: list[float]
    #: Until everything is on the disk, after the last answer.
    sync_s: float
    peak_mib: float


def main() -> None:
    """Three receivers in turn, three times."""
    if shutil.which("storescp") is None:
        raise SystemExit("storescp is not installed: apt install dcmtk")
    receivers = {"storescp": (), "storescp +B (as read)": ("+B",), "samdrift intake": None}
    runs: dict[str, list[Run]] = {name: [] for name in receivers}
    with benchmark("intake", f"C-STORE of full-size mammograms, {ASSOCIATIONS} associations") as measured:
        for _ in range(RUNS):
            for name, options in receivers.items():
                runs[name].append(_intake() if options is None else _storescp(options))
        for name, done in runs.items():
            _row(measured, name, done)
        _judge(measured, runs)


def _row(measured: Benchmark, name: str, runs: list[Run]) -> None:
    images = ASSOCIATIONS * EXAMS_EACH * len(View)
    megabytes = images * len(_data_set(1, View.RCC)) / 1e6
    seconds = percentile([run.seconds for run in runs], 0.5)
    measured.row(
        receiver=name,
        images=images,
        median_s=seconds,
        best_s=min(run.seconds for run in runs),
        images_per_s=images / seconds,
        mb_per_s=megabytes / seconds,
        p95_image_s=percentile([each for run in runs for each in run.image_s], 0.95),
        then_sync_s=percentile([run.sync_s for run in runs], 0.5),
        peak_mib=max(run.peak_mib for run in runs),
        fsync_ms=fsync_ms(),
    )


def _judge(measured: Benchmark, runs: dict[str, list[Run]]) -> None:
    *others, ours = ([run.seconds for run in done] for done in runs.values())
    median, best = (percentile(ours, 0.5), min(ours))
    faster = min(percentile(each, 0.5) for each in others)
    fastest = min(min(each) for each in others)
    measured.bar(f"within {BAR}x of the faster storescp, medians (ratio {median / faster:.2f})", median <= BAR * faster)
    measured.bar(f"within {BAR}x of the faster storescp, best runs (ratio {best / fastest:.2f})", best <= BAR * fastest)
    measured.notes += [
        "storescp syncs nothing before it answers: `then_sync_s` is what its files still need; ours are on the disk, "
        "hashed, and in the ledger (SQLite, synchronous=FULL) when the sender hears of it",
        "senders and receiver share the cores",
    ]


def _storescp(options: tuple[str, ...]) -> Run:
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        argv = ["storescp", "--fork", "-pdu", "131072", *options, "-aet", "SAMDRIFT", "-od", folder, str(port)]
        receiver = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until("storescp listens", lambda: listens(port))
            run = _send(port, receiver.pid)
            assert len(list(Path(folder).iterdir())) == ASSOCIATIONS * EXAMS_EACH * len(View)
            return run
        finally:
            receiver.kill()
            receiver.wait()


def _intake() -> Run:
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        migrations.upgrade(url)
        with KilledIntake(home=Path(folder), ledger_url=url, port=port) as intake:
            run = _send(port, intake.pid)
            assert intake.stop() == 0
        with closing(Ledger(url)) as ledger:
            assert len(held(ledger, ObjectStore(f"file://{folder}/objects"))) == ASSOCIATIONS * EXAMS_EACH * len(View)
        return run


def _send(port: int, pid: int) -> Run:
    """Everything to `port`; `pid` is the receiver, with whatever it forks."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(ASSOCIATIONS + 1), context.Queue()
    senders = [context.Process(target=_sender, args=(port, n, barrier, answers)) for n in range(ASSOCIATIONS)]
    for sender in senders:
        sender.start()
    barrier.wait(timeout=120)
    os.sync()
    barrier.wait(timeout=120)
    with timed() as seconds, _watched(pid) as peaks_mib:
        image_s = [each for _ in senders for each in answers.get(timeout=300)]
    with timed() as sync_s:
        os.sync()
    for sender in senders:
        sender.join()
    return Run(seconds=seconds[0], image_s=image_s, sync_s=sync_s[0], peak_mib=peaks_mib[0])


def _sender(port: int, number: int, barrier: Barrier, answers: Queue[list[float]]) -> None:
    requests = [
        b"".join(store_rq(image.SOPInstanceUID, data_set_of(part10(image)), fragment=FRAGMENT))
        for exam in range(EXAMS_EACH)
        for image in (_image(1 + number * EXAMS_EACH + exam, view) for view in View)
    ]
    barrier.wait(timeout=120)
    barrier.wait(timeout=120)
    took_s = []
    with associated(port) as peer:
        for request in requests:
            began_s = time.perf_counter()
            peer.send(request)
            assert peer.status() == 0
            took_s.append(time.perf_counter() - began_s)
        peer.release()
    answers.put(took_s)


def _image(exam: int, view: View) -> Dataset:
    large = np.kron(pixels(view), np.ones(SCALE, np.uint16))
    return mammogram(view, exam, Rows=ROWS * SCALE[0], Columns=COLUMNS * SCALE[1], PixelData=large.tobytes())


def _data_set(exam: int, view: View) -> bytes:
    return data_set_of(part10(_image(exam, view)))


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The peak of the receiver's resident memory in MiB, in a list that is empty until the `with` ends."""
    found: list[float] = []
    process = psutil.Process(pid)
    yield found
    tree = [process, *process.children(recursive=True)]
    found.append(sum(_peak_kib(each.pid) for each in tree) / 1024)


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
