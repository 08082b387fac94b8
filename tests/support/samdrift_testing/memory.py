"""How much memory a measured run takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def peak_mib() -> Iterator[list[float]]:
    """Samples of the proportional memory of everything below this process, MiB; the `with` block's."""
    samples = [0.0]
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            samples.append(sum(map(_pss_mib, psutil.Process().children(recursive=True))))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


def _pss_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:  # it has ended
        return 0.0
