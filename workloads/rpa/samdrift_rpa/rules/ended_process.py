"""The process for large documents: `python -m samdrift_rpa.rules.ended_process SECONDS FOLDER`, started by `ended`.

On standard input comes, for each document, its length as four bytes and then its bytes; a line of JSON on standard
output answers. SECONDS are what one document may take of a CPU, FOLDER holds the rules. The process ends when its input
ends, and when it has had nothing to do for a while.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import sys
from pathlib import Path

from samdrift_rpa.documents import read_document
from samdrift_rpa.rules.ended import LENGTH
from samdrift_rpa.rules.official import OfficialRules

#: Seconds without a document after which it ends, and gives its memory back.
IDLE_S = 120.0


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a document
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
    os.dup2(2, 1)  # what libraries print must not be taken for an answer
    rules = OfficialRules(Path(sys.argv[2]))
    while select.select([sys.stdin.buffer], [], [], IDLE_S)[0] and (head := sys.stdin.buffer.read(LENGTH.size)):
        give_time(float(sys.argv[1]))
        findings = rules.validate_here(read_document(sys.stdin.buffer.read(LENGTH.unpack(head)[0])))
        answers.write(json.dumps(findings.to_json()) + "\n")
        give_time(math.inf)


def give_time(seconds: float) -> None:
    """So much CPU from now; the kernel ends the process that takes more (SIGXCPU, getrlimit(2))."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = resource.RLIM_INFINITY if math.isinf(seconds) else math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
