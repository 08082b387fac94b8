"""The decoding process as its users see it: a call that ends, whatever the data do to the decoder."""

from __future__ import annotations

import atexit
import json
import os
import threading
from dataclasses import asdict
from functools import cache

from samdrift_mammography.decoding.frame import Frame
from samdrift_mammography.decoding.shared_file import shared_file
from samdrift_mammography.errors import UnreadableFileError
from samdrift_platform.bounded_process import BoundedProcess, LostProcessError, OutOfTimeError

#: The slowest image that was measured (JPEG 2000 of 26 million pixels) takes 1.3 s.
LONGEST_DECODING_S = 30.0


# For glibc: memory that was taken for one image serves the next, instead of being returned, taken and cleared again.
_KEEP_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(1 << 30))


class IsolatedDecoder:
    """One decoding process. One frame at a time: its data and its values lie in a file that both processes have."""

    def __init__(self, longest_s: float = LONGEST_DECODING_S) -> None:
        self._lock = threading.Lock()
        self._shared = shared_file()
        self.process = BoundedProcess(
            "samdrift_mammography.decoding",
            str(self._shared),
            longest_s=longest_s,
            environment=_KEEP_MEMORY,
            pass_fds=[self._shared],
        )

    def decode(self, frame: Frame) -> bytes:
        """The values of a frame, one or two bytes each, little endian.

        Raises:
            UnreadableFileError: the decoder refused the data, crashed on them, or took longer than `longest_s`.
            ProcessStartError: there is no decoder.
        """
        described = {name: value for name, value in asdict(frame).items() if name != "data"}
        with self._lock:
            os.pwrite(self._shared, frame.data, 0)
            try:
                answer = self.process.ask(json.dumps({**described, "length": len(frame.data)}).encode())
            except OutOfTimeError as error:
                raise _undecodable("the decoder took too long") from error
            except LostProcessError as error:
                raise _undecodable("the decoder crashed") from error
            if "error" in answer:
                raise _undecodable(str(answer["error"]))
            return os.pread(self._shared, answer["length"], 0)


@cache
def shared_decoder() -> IsolatedDecoder:
    """The decoder of this process."""
    decoder = IsolatedDecoder()
    atexit.register(decoder.process.close)
    return decoder


def _undecodable(why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"The pixels cannot be decoded ({why}). Send the image uncompressed.", code="undecodable"
    )
