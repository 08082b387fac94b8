"""Another process that answers one question at a time: a call that ends, whatever a question does to its answerer.

Libraries that read what strangers send can crash, or compute for ever, and most can't be interrupted. The other side is
`bounded_answering`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import IO, Any, cast

from samdrift_platform.errors import SamdriftError

#: The length of a question in bytes, before the bytes themselves.
LENGTH = struct.Struct(">I")
#: What the process says before it is asked anything.
READY = b"ready\n"
#: Seconds by the clock in which it must be ready, on a machine that has other work.
_START_S = 120.0
#: What it is told of its surroundings: where Python finds its modules, how many threads it may use, and no secret.
_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")


class ProcessStartError(SamdriftError):
    """A process that answers questions does not start. Look what `python -m` and its module say."""


class OutOfTimeError(SamdriftError):
    """The question took its answerer longer than it may. Ask for less at a time, or give it more time."""


class LostProcessError(SamdriftError):
    """The process that should answer ended, twice, without an answer. See that there is memory, and try again."""


class BoundedProcess:
    """One process, started when it is first needed and again when it was lost."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        longest_s: float,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """`python -m module arguments`; a question that takes longer than `longest_s` by the clock ends it."""
        self.longest_s = longest_s
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._environment, self._pass_fds = environment or {}, pass_fds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: bytes) -> Any:
        """What `ask_file` says, of a question in memory."""
        return self.ask_file(BytesIO(question), len(question))

    def ask_file(self, question: IO[bytes], size_bytes: int) -> Any:
        """The answer to a question of `size_bytes` that lies in a file at its beginning: what JSON holds.

        A process that is lost is started once more: it may have been ended from outside, or by the question before.

        Raises:
            OutOfTimeError: it took too long, by the clock or of a CPU.
            LostProcessError: it was lost twice, for another reason.
            ProcessStartError: there is no process to ask.
        """
        with self._lock:
            try:
                return self._ask(question, size_bytes)
            except LostProcessError:
                question.seek(0)
                return self._ask(question, size_bytes)

    @property
    def process_id(self) -> int | None:
        """Of the process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def close(self) -> None:
        """End the process; the next question starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, question: IO[bytes], size_bytes: int) -> Any:
        process = self._running()
        try:
            with _ended_after(self.longest_s, process) as late:
                line = _exchange(process, question, size_bytes)
        except BaseException:  # such as a file that ends: the process would take the next question for the rest of it
            self.close()
            raise
        if line.endswith(b"\n"):
            return json.loads(line)
        self.close()
        if late.is_set() or process.returncode == -signal.SIGXCPU:
            raise OutOfTimeError
        raise LostProcessError

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, or another one where something ended it since it answered last."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = self._started()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | dict(self._environment),
            pass_fds=self._pass_fds,
            cwd="/",
        )
        with _ended_after(_START_S, process):
            said = cast(IO[bytes], process.stdout).readline()
        if said != READY:
            process.kill()
            process.communicate()
            raise ProcessStartError(f"`{' '.join(self._command)}` does not start. Look what it says when you start it.")
        return process


@contextmanager
def _ended_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """End the process if the block takes longer; whether it did."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield late
    finally:
        watch.cancel()


def _exchange(process: subprocess.Popen[bytes], question: IO[bytes], size_bytes: int) -> bytes:
    """The line that it answers; without a line's end where the process was lost."""
    requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    try:
        requests.write(LENGTH.pack(size_bytes))
        shutil.copyfileobj(question, requests)
        requests.flush()
    except BrokenPipeError:  # it was lost while it was told
        return b""
    return answers.readline()
