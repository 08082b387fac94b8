"""The decoding process as its users see it: a call that ends, whatever the data do to the decoder."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
from dataclasses import asdict
from functools import cache
from typing import IO, Any, cast

from samdrift_mammography.decoding.frame import Frame
from samdrift_mammography.decoding.shared_file import shared_file
from samdrift_mammography.errors import UnreadableFileError

#: The slowest image that was measured (JPEG 2000 of 26 million pixels) takes 1.3 s.
LONGEST_DECODING_S = 30.0


# For glibc: memory that was taken for one image serves the next, instead of being returned, taken and cleared again.
_KEEP_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(1 << 30))


class IsolatedDecoder:
    """One decoding process, started when it is first needed and again after a crash. One frame at a time."""

    def __init__(self, longest_s: float = LONGEST_DECODING_S) -> None:
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._shared = shared_file()

    def decode(self, frame: Frame) -> bytes:
        """The values of a frame, one or two bytes each, little endian.

        Raises:
            UnreadableFileError: the decoder refused the data, crashed on them, or took longer than `longest_s`.
        """
        with self._lock:
            answer = self._ask(frame)
            if "error" in answer:
                raise _undecodable(str(answer["error"]))
            return os.pread(self._shared, answer["length"], 0)

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

    def _ask(self, frame: Frame) -> dict[str, Any]:
        process = self._process = self._running() or self._started()
        requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        os.pwrite(self._shared, frame.data, 0)
        described = {name: value for name, value in asdict(frame).items() if name != "data"}
        requests.write(json.dumps({**described, "length": len(frame.data)}).encode() + b"\n")
        requests.flush()
        waiting = select.poll()
        waiting.register(answers, select.POLLIN)
        if not waiting.poll(self._longest_s * 1000):
            return self._lost("took too long")
        line = answers.readline()
        answer: dict[str, Any] = json.loads(line) if line else self._lost("crashed")
        return answer

    def _running(self) -> subprocess.Popen[bytes] | None:
        """The process, unless something ended it since it answered last."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        return self._process

    def _lost(self, how: str) -> dict[str, Any]:
        self.close()
        return {"error": f"the decoder {how}"}

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "samdrift_mammography.decoding", str(self._shared)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_KEEP_MEMORY},
            pass_fds=[self._shared],
        )


@cache
def shared_decoder() -> IsolatedDecoder:
    """The decoder of this process."""
    decoder = IsolatedDecoder()
    atexit.register(decoder.close)
    return decoder


def _undecodable(why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"The pixels cannot be decoded ({why}). Send the image uncompressed.", code="undecodable"
    )
