"""The intake as a process that is killed again and again, and senders that do not give up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samdrift_testing.dicom_peer import ASSOCIATE_AC, ClosedError, Peer, listens
from samdrift_testing.waiting import wait_until

#: How long the intake may take to listen, on two busy cores, seconds.
STARTED_S = 120.0


@dataclass(kw_only=True)
class KilledIntake:
    """`python -m samdrift_mammography.intake`; use it in a `with`."""

    home: Path
    ledger_url: str
    port: int
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> KilledIntake:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start it and wait until it listens."""
        own = {"SAMDRIFT_HOME": str(self.home), "SAMDRIFT_DATABASE_URL": self.ledger_url}
        own |= {
            "SAMDRIFT_MAMMOGRAPHY_DICOM_PORT": str(self.port),
            "SAMDRIFT_MAMMOGRAPHY_CALLING_AE_TITLES": "MODALITY1",
        }
        own |= {"SAMDRIFT_MAMMOGRAPHY_AE_TITLE": "SAMDRIFT", "SAMDRIFT_MAMMOGRAPHY_QUIET_S": "100000"}
        with (self.home / "intake.log").open("ab") as log:
            argv = [sys.executable, "-m", "samdrift_mammography.intake"]
            self._process = subprocess.Popen(argv, env={**os.environ, **own}, stdout=log, stderr=log)
        wait_until("the intake listens", self._listens, timeout_s=STARTED_S)

    def kill(self) -> None:
        """As a power cut would, but for what the kernel still writes."""
        assert self._process is not None
        assert self._process.poll() is None, "it ended by itself"
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    @property
    def ended(self) -> int | None:
        """Its exit status; None while it runs."""
        assert self._process is not None
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it ended; its log is {self.home / 'intake.log'}"
        return listens(self.port)


@dataclass(kw_only=True)
class Senders:
    """Threads that send images one after the other, each until it hears "success"."""

    port: int
    data_sets: Sequence[Mapping[str, bytes]]
    #: What somebody heard "success" for.
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    #: How often an answer did not come.
    interrupted: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """One thread for each of `data_sets`."""
        self._threads = [threading.Thread(target=self._send, args=(images,)) for images in self.data_sets]
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until everything is acknowledged."""
        for thread in self._threads:
            thread.join(timeout_s)
        assert not any(thread.is_alive() for thread in self._threads)

    @property
    def working(self) -> bool:
        """Some are not done yet."""
        return any(thread.is_alive() for thread in self._threads)

    def _send(self, images: Mapping[str, bytes]) -> None:
        left = dict(images)
        pause = threading.Event()
        while left:
            try:
                with Peer(port=self.port) as peer:
                    kind, _ = peer.associate()
                    if kind == ASSOCIATE_AC:
                        self._send_over(peer.store, left)
            except (OSError, ClosedError):
                self.interrupted += 1
                pause.wait(0.05)

    def _send_over(self, store: Callable[[str, bytes], int], left: dict[str, bytes]) -> None:
        for uid, data in list(left.items()):
            if store(uid, data) == 0:
                self.acknowledged[uid] = left.pop(uid)
