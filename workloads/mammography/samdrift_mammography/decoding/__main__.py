"""The decoding process: `python -m samdrift_mammography.decoding FD`, started by `isolated`.

Each question describes a frame that lies at the beginning of the shared file FD; the values replace it there, and the
answer says how many bytes they are, or what went wrong. It ends when its input ends, so it never outlives the process
that started it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from samdrift_mammography.decoding.decoders import foreign
from samdrift_mammography.decoding.frame import Frame
from samdrift_platform.bounded_answering import Answering

#: Address space in bytes. OpenJPEG takes about 8 bytes a pixel beside the image; the largest image is 64 million.
MOST_MEMORY_BYTES = 4 * 1024**3


def main() -> None:
    """Decode until the input ends."""
    asked = Answering()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    shared = int(sys.argv[1])
    for question in asked.questions():
        asked.answer(_answer(shared, json.loads(question)))


def _answer(shared: int, request: dict[str, Any]) -> dict[str, Any]:
    data = os.pread(shared, request.pop("length"), 0)
    try:
        decoded = foreign(Frame(data=data, **request))
    except Exception as error:  # noqa: BLE001 # every library raises its own; the caller is told which
        return {"error": type(error).__name__}
    os.pwrite(shared, decoded, 0)
    return {"length": len(decoded)}


if __name__ == "__main__":
    main()
