"""Answers tests of bounded processes: `python -m samdrift_testing.answering_badly`; a question says what to do."""

from __future__ import annotations

import itertools
import os
import signal
import sys

from samdrift_platform.bounded_answering import Answering


def main() -> None:
    """Answer until the input ends."""
    asked = Answering()
    for question in asked.questions(cpu_s=float(sys.argv[1]), idle_s=float(sys.argv[2])):
        match question:
            case b"die":
                os.kill(os.getpid(), signal.SIGKILL)
            case b"stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case b"compute":
                for _ in itertools.count():
                    pass
            case b"print":
                os.write(1, b"said by a library\n")
        asked.answer(
            {"length": len(question), "process": os.getpid(), "secret": os.environ.get("SAMDRIFT_TEST_SECRET")}
        )


if __name__ == "__main__":
    main()
