"""10,000 cases of three processes while workers die at every point; what the parties' logs say; beside a peer.

`python tests/benchmarks/run.py rpa_oracle`; takes half an hour on two busy cores.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from samdrift_platform.ledger import migrations
from samdrift_rpa.settings import DATA
from samdrift_testing.benchmarking import Benchmark, benchmark
from samdrift_testing.open_orchestrator import NotInstallableError, OpenOrchestrator, installed
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql
from samdrift_testing.robot_oracle import Oracle, Size, Verdict

FULL = Size(
    invoices=8_960,
    letters=1_000,
    applications=40,
    kills_a_point=50,
    form_kills=10,
    kills_anywhere=40,
    sleeps_a_point=5,
    crashes=5,
    jumps=3,
    patience_s=7_200,
)
DATABASES = ("PostgreSQL", "SQLite")
#: Elements and kills of the peer, which has no way to take up what a robot had in its hands.
PEERS_ITEMS, PEERS_KILLS, PEERS_WORKERS = 1_000, 50, 2
_PEERS_PATIENCE_S = 300


def main() -> None:
    """SQLite and PostgreSQL, then the peer on PostgreSQL."""
    with benchmark("rpa_oracle", "Robots that die at every point, judged by the receivers' own logs") as measured:
        for database, verdict in _both():
            _row(measured, database, verdict)
        _peer(measured)
        measured.notes += [
            "parties: ERP system, access point, case system, Digital Post, and a register with web forms in a real "
            "Chromium; each fails after doing the work at every 5th to 17th request, and (but the case system, of "
            "cases) does not notice that it is asked twice; expected: what their logs must hold, worked out from the "
            "cases alone",
            "kills: SIGKILL at each of ten numbered points and at any moment; sleeps: SIGSTOP beyond the lease, then "
            "resumed; crashes: PostgreSQL stopped with -m immediate; jumps: the clock of all set forward 300 s",
            "not done: SIGSTOP in the very call (a process that stalls there is beyond any sender: the receiver has "
            "the key), a start within one lease after the clock was set, a machine that loses power",
        ]


def _both() -> Iterator[tuple[str, Verdict]]:
    """Each in a process of its own, which forks the workers; both at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.json" for name in DATABASES}
        runs = [subprocess.Popen([sys.executable, __file__, name, str(file)]) for name, file in files.items()]
        assert [run.wait() for run in runs] == [0] * len(runs), "a run has failed"
        for name, file in files.items():
            found = json.loads(file.read_text())
            yield name, Verdict(**found | {"killed": Counter(found["killed"])})


def one(database: str, file: str) -> None:
    """The oracle on one database, its verdict as JSON in a file."""
    os.environ.pop(DATA.name, None)  # our own rules: the official ones are measured elsewhere
    with _database(database) as (url, crash, folder):
        verdict = Oracle(url=url, folder=folder, size=FULL, crash=crash, tell=partial(_tell, database)).run()
    Path(file).write_text(json.dumps(vars(verdict)))


def _tell(database: str, words: str) -> None:
    print(f"{database}: {words}", file=sys.stderr, flush=True)  # noqa: T201 - to whoever waits


def _row(measured: Benchmark, database: str, found: Verdict) -> None:
    measured.row(
        queue="samdrift",
        database=database,
        items=found.items,
        expected=found.expected,
        kills=found.killed.total(),
        sleeps=found.slept,
        crashes=found.crashes,
        jumps=found.jumps,
        failed_after=found.failed_after,
        decided=found.decided,
        lost=len(found.lost),
        doubled=len(found.doubled),
        unexpected=len(found.unexpected),
        unknown=len(found.unknown),
        unended=len(found.unended),
        asked_again=found.asked_again,
        seconds=found.seconds,
    )
    at = ", ".join(f"{point}: {number}" for point, number in sorted(found.killed.items()))
    measured.notes.append(f"{database}: kills by point: {at}; the audit chain {'holds' if found.intact else 'BREAKS'}")
    for what in ("lost", "doubled", "unexpected", "unknown", "unended"):
        names: list[str] = getattr(found, what)
        measured.notes += [f"{database}: {what}: {name}" for name in names[:50]]
    measured.bar(
        f"{database}: at least 10,000 items and 500 kills", found.items >= 10_000 and found.killed.total() >= 500
    )
    measured.bar(f"{database}: lost 0, doubled 0, unexpected 0, all ended, the chain intact", found.holds)


@contextmanager
def _database(name: str) -> Iterator[tuple[str, Callable[[], None] | None, Path]]:
    """An empty ledger, how to crash its server, and a folder."""
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        os.environ["SAMDRIFT_HOME"] = str(folder / "home")
        if name == "SQLite":
            url = f"sqlite:///{folder}/ledger.db"
            migrations.upgrade(url)
            yield url, None, folder
            return
        try:
            with running_postgresql() as server:
                url = server.create()
                migrations.upgrade(url)

                def crash() -> None:
                    server.stop("immediate")
                    server.start()

                yield url, crash, folder
        except NoPostgreSQLError as error:
            raise SystemExit(str(error)) from error


def _peer(measured: Benchmark) -> None:
    """Robots of OpenOrchestrator that die at the two points that they have: before and after what they do."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            peer = installed(Path(folder) / "environment")
        except NotInstallableError as error:
            measured.notes.append(f"OpenOrchestrator was skipped: {error}")
            return
        with running_postgresql() as server:
            _run_peer(measured, peer, server.create(), Path(folder) / "log")


def _run_peer(measured: Benchmark, peer: OpenOrchestrator, url: str, log: Path) -> None:
    peer.fill(url, PEERS_ITEMS)
    chance, began, killed = random.Random(1), time.monotonic(), 0
    plans = [(point, chance.randint(1, 10)) for point in ("claimed", "called") for _ in range(PEERS_KILLS // 2)]
    chance.shuffle(plans)
    alive: list[subprocess.Popen[bytes]] = []
    nothing_left = False  # a robot that lived to the end of the queue says so
    while alive or not nothing_left:
        assert time.monotonic() - began < _PEERS_PATIENCE_S
        while len(alive) < PEERS_WORKERS and not nothing_left:
            alive.append(peer.robot(url, log, plans.pop() if plans else None))
        ended = [process for process in alive if process.poll() is not None]
        killed += sum(process.returncode == -signal.SIGKILL for process in ended)
        nothing_left = nothing_left or any(process.returncode == 0 for process in ended)
        alive = [process for process in alive if process not in ended]
        time.sleep(0.02)
    done = Counter(log.read_text().splitlines())
    wanted = {f"item {n}" for n in range(PEERS_ITEMS)}
    measured.row(
        **dict.fromkeys(measured.rows[0])
        | {
            "queue": "OpenOrchestrator 3.0.0",
            "database": "PostgreSQL",
            "items": PEERS_ITEMS,
            "expected": PEERS_ITEMS,
            "kills": killed,
            "lost": len(wanted - set(done)),
            "doubled": sum(times > 1 for times in done.values()),
            "unexpected": len(set(done) - wanted),
            "unended": peer.count(url, "IN_PROGRESS"),
            "seconds": time.monotonic() - began,
        }
    )
    measured.notes.append(
        "OpenOrchestrator: get_next_queue_element, a line in a log that is on disk, set_queue_element_status; "
        f"{PEERS_WORKERS} robots at once, killed after the claim or after the line, and the next one started; "
        "lost: no line, doubled: more than one"
    )


if __name__ == "__main__":
    one(*sys.argv[1:]) if sys.argv[1:] else main()
