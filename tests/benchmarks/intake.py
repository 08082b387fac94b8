"""C-STORE intake against DCMTK's `storescp` into a folder of the same file system, at 4 associations, in one run.

Both get the same full-size mammograms from the same senders, which prepare every byte before the clock starts. The
intake is the process that an installation runs: bytes hashed, synced and renamed, a row in the ledger, and only then
the answer. `storescp` answers when it has written, and syncs nothing; how long its files then take to be on the disk is
told beside it. Exams of which views are missing wait, so that only receiving is measured; the last row adds whole
exams, which the same process hands on at once, on the same cores.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
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
from samdrift_testing.intake_desk import held
from samdrift_testing.killed_intake import KilledIntake
from samdrift_testing.ports import free_ports
from samdrift_testing.screening_study import COLUMNS, ROWS, mammogram, part10, pixels
from samdrift_testing.waiting import wait_until

ASSOCIATIONS, EXAMS_EACH, RUNS = 4, 2, 3
#: Each pixel of the study made by code so often each way: 4608 x 2912, as large as a film of CBIS-DDSM.
SCALE = (9, 7)
#: DCMTK's largest PDU is 131072 bytes; a fragment has 6 bytes of its own before it.
FRAGMENT = 131_066
#: The ratio that is asked for.
BAR = 1.5
PLAIN, AS_READ, OURS = "storescp", "storescp +B", "samdrift intake"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One receiver, once."""

    seconds: float
    #: Of each image, from its first byte to the answer.
    image_s: list[float]
    #: Until everything is on the disk, after the last answer.
    sync_s: float
    #: Of the receiver and whatever it forked, and its peak of resident memory.
    cpu_s: float
    peak_mib: float


def main() -> None:
    """Three receivers in turn, three times."""
    if shutil.which("storescp") is None:
        raise SystemExit("storescp is not installed: apt install dcmtk")
    receivers: dict[str, Callable[[], Run]] = {
        PLAIN: lambda: _storescp(()),
        AS_READ: lambda: _storescp(("+B",)),
        OURS: lambda: _intake(whole=False),
        f"{OURS}, whole exams": lambda: _intake(whole=True),
    }
    runs: dict[str, list[Run]] = {name: [] for name in receivers}
    with benchmark("intake", f"C-STORE of full-size mammograms, {ASSOCIATIONS} associations") as measured:
        for _ in range(RUNS):
            for name, receive in receivers.items():
                runs[name].append(receive())
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
        cpu_ms_per_image=percentile([run.cpu_s for run in runs], 0.5) / images * 1e3,
        peak_mib=max(run.peak_mib for run in runs),
        fsync_ms=fsync_ms(),
    )


def _judge(measured: Benchmark, runs: dict[str, list[Run]]) -> None:
    seconds = {name: [run.seconds for run in done] for name, done in runs.items()}
    told = {}
    for name in (PLAIN, AS_READ):
        medians = percentile(seconds[OURS], 0.5) / percentile(seconds[name], 0.5)
        told[name] = f"medians {medians:.2f}, best runs {min(seconds[OURS]) / min(seconds[name]):.2f}"
        if name == PLAIN:
            measured.bar(f"within {BAR}x of storescp as it comes ({told[name]})", medians <= BAR)
    measured.notes += [
        f"against `storescp +B`, which writes what it reads without looking at it: {told[AS_READ]}; it neither parses, "
        "nor hashes, nor syncs, and it receives in C: these four are the difference",
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
            run = _send(port, receiver.pid, whole=False)
            assert len(list(Path(folder).iterdir())) == ASSOCIATIONS * EXAMS_EACH * len(View)
            return run
        finally:
            receiver.kill()
            receiver.wait()


def _intake(*, whole: bool) -> Run:
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        migrations.upgrade(url)
        with KilledIntake(home=Path(folder), ledger_url=url, port=port) as intake:
            run = _send(port, intake.pid, whole=whole)
            assert intake.stop() == 0
        with closing(Ledger(url)) as ledger:
            assert len(held(ledger, ObjectStore(f"file://{folder}/objects"))) == ASSOCIATIONS * EXAMS_EACH * len(View)
        return run


def _send(port: int, pid: int, *, whole: bool) -> Run:
    """Everything to `port`; `pid` is the receiver, with whatever it forks."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(ASSOCIATIONS + 1), context.Queue()
    senders = [context.Process(target=_sender, args=(port, n, whole, barrier, answers)) for n in range(ASSOCIATIONS)]
    for sender in senders:
        sender.start()
    barrier.wait(timeout=120)
    os.sync()
    barrier.wait(timeout=120)
    with timed() as seconds, _watched(pid) as used:
        image_s = [each for _ in senders for each in answers.get(timeout=300)]
    with timed() as sync_s:
        os.sync()
    for sender in senders:
        sender.join()
    return Run(seconds=seconds[0], image_s=image_s, sync_s=sync_s[0], cpu_s=used[0], peak_mib=used[1])


def _sender(port: int, number: int, whole: bool, barrier: Barrier, answers: Queue[list[float]]) -> None:
    requests = [
        b"".join(store_rq(image.SOPInstanceUID, data_set_of(part10(image)), fragment=FRAGMENT))
        for image in _images(number, whole=whole)
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


def _images(sender: int, *, whole: bool) -> Iterator[Dataset]:
    """As many images in each case: whole exams, or the first view of so many."""
    first, count = 1 + sender * EXAMS_EACH * len(View), EXAMS_EACH * len(View)
    for place in range(count):
        exam, view = divmod(place, len(View)) if whole else (place, 0)
        yield _image(first + exam, list(View)[view])


def _image(exam: int, view: View) -> Dataset:
    large = np.kron(pixels(view), np.ones(SCALE, np.uint16))
    return mammogram(view, exam, Rows=ROWS * SCALE[0], Columns=COLUMNS * SCALE[1], PixelData=large.tobytes())


def _data_set(exam: int, view: View) -> bytes:
    return data_set_of(part10(_image(exam, view)))


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The receiver's CPU seconds and its peak of resident memory in MiB, in a list that is empty until then."""
    used: list[float] = []
    process = psutil.Process(pid)
    before_s = sum(process.cpu_times())
    yield used
    wait_until("what it forked has ended", lambda: all(_ended(child) for child in process.children()))
    forked_s = sum(sum(child.cpu_times()) for child in process.children())  # those that were not waited for yet
    used.append(sum(process.cpu_times()) + forked_s - before_s)
    used.append(_peak_kib(pid) / 1024)


def _ended(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
