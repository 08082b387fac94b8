"""The side of `bounded_process` that answers: `Answering` in the `main` of a module that is started by it."""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator
from typing import Any

from samdrift_platform.bounded_process import LENGTH, READY


class Answering:
    """Standard input holds questions, each its length and its bytes; a line of JSON on standard output answers."""

    def __init__(self) -> None:
        """Before anything else: what libraries print must not be taken for an answer."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold what is asked about
        self._answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
        os.dup2(2, 1)

    def questions(self, *, cpu_s: float = math.inf, idle_s: float | None = None) -> Iterator[bytes]:
        """Say that all is ready, then what is asked, until the input ends or nothing was asked for `idle_s`.

        A question that takes more than `cpu_s` of a CPU ends the process (SIGXCPU, getrlimit(2)): how busy the machine
        is makes no difference to what is answered.
        """
        self._answers.write(READY.decode())
        asked = sys.stdin.buffer
        while select.select([asked], [], [], idle_s)[0] and (head := asked.read(LENGTH.size)):
            _give_time(cpu_s)
            yield asked.read(LENGTH.unpack(head)[0])
            _give_time(math.inf)

    def answer(self, found: Any) -> None:
        """Answer the question that was given last."""
        self._answers.write(json.dumps(found) + "\n")


def _give_time(seconds: float) -> None:
    """So much CPU from now; the kernel counts whole seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = resource.RLIM_INFINITY if math.isinf(seconds) else math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
