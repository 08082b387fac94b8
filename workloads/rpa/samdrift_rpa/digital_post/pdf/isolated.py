"""The reading process as its users see it: a call that ends, whatever the document does to its reader."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import cache
from typing import IO, cast

from samdrift_platform.errors import SamdriftError
from samdrift_rpa.digital_post.pdf.framing import LENGTH, READY
from samdrift_rpa.digital_post.reading import FileText, Reading

#: PDFs above this are not read. Digital Post takes messages of 99.5 MB, but a letter that is text is far smaller.
LARGEST_PDF_BYTES = 25_000_000
#: CPU seconds for one PDF: how busy the machine is makes no difference to what is read.
LONGEST_CPU_S = 10
#: Seconds by the clock, for what does not compute.
LONGEST_S = 60.0
#: What the process is told of its surroundings: where Python finds its modules, and no secret.
_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")


class ReaderStartError(SamdriftError):
    """The process that reads PDFs does not start. Look whether `python -m samdrift_rpa.digital_post.pdf 10` does."""


class IsolatedReader:
    """One reading process, started when it is first needed and again when it was lost. One PDF at a time."""

    def __init__(self, *, longest_s: float = LONGEST_S, longest_cpu_s: int = LONGEST_CPU_S) -> None:
        """A PDF that takes longer, by the clock or of a CPU, ends the process."""
        #: By the clock, seconds; the start of the process is among them.
        self.longest_s = longest_s
        self._longest_cpu_s = longest_cpu_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, content: IO[bytes], size_bytes: int) -> FileText:
        """The text of a PDF of `size_bytes` that lies in `content`, a file at its beginning.

        No document makes it raise anything: what it does to its reader is a `Reading`.

        Raises:
            ReaderStartError: there is no process to read it.
        """
        if size_bytes > LARGEST_PDF_BYTES:
            return FileText(reading=Reading.TOO_LARGE)
        with self._lock:
            found = self._ask(content, size_bytes)
            if found is None:  # it may have been ended from outside, or by the PDF before
                content.seek(0)
                found = self._ask(content, size_bytes)
        return found or FileText(reading=Reading.BROKEN)

    @property
    def process_id(self) -> int | None:
        """Of the process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def close(self) -> None:
        """End the process; the next call starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, content: IO[bytes], size_bytes: int) -> FileText | None:
        """What the process says; None: it was lost, and not because it took too long."""
        process = self._process = self._running() or _started(self._longest_cpu_s)
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self.longest_s, end)
        watch.daemon = True
        watch.start()
        try:
            line = _exchange(process, content, size_bytes)
        except BrokenPipeError:  # it was lost while it was told
            line = b""
        except (
            BaseException
        ):  # such as a store that ended: the process would take the next PDF for the rest of this one
            self.close()
            raise
        finally:
            watch.cancel()
        return _said(line) or self._lost(late=late.is_set())

    def _running(self) -> subprocess.Popen[bytes] | None:
        """The process, unless something ended it since it answered last."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        return self._process

    def _lost(self, *, late: bool) -> FileText | None:
        process, self._process = cast("subprocess.Popen[bytes]", self._process), None
        process.kill()
        process.communicate()
        return FileText(reading=Reading.TOO_SLOW) if late or process.returncode == -signal.SIGXCPU else None


def _exchange(process: subprocess.Popen[bytes], content: IO[bytes], size_bytes: int) -> bytes:
    requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    requests.write(LENGTH.pack(size_bytes))
    shutil.copyfileobj(content, requests)
    requests.flush()
    return answers.readline()


def _said(line: bytes) -> FileText | None:
    """The answer; None: it ended in the middle of one."""
    if not line.endswith(b"\n"):
        return None
    found = json.loads(line)
    return FileText(reading=Reading(found["reading"]), text=found["text"])


def _started(longest_cpu_s: int) -> subprocess.Popen[bytes]:
    """A process that is ready; ReaderStartError when it does not come so far."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "samdrift_rpa.digital_post.pdf", str(longest_cpu_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        cwd="/",
    )
    if cast(IO[bytes], process.stdout).readline() != READY:
        process.kill()
        process.communicate()
        raise ReaderStartError
    return process


@cache
def shared_reader() -> IsolatedReader:
    """The reader of this process."""
    reader = IsolatedReader()
    atexit.register(reader.close)
    return reader
