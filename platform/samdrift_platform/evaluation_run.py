"""One evaluation in a process of its own: its memory goes away with it, and it can be ended when it takes too long.

`python -m samdrift_platform.evaluation_run SUITE FOLDER OUTPUT` writes the report, or why there is none, to OUTPUT.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_platform import plugins
from samdrift_platform.errors import SamdriftError, UnavailableError
from samdrift_platform.process import configure_logs, die_with_parent
from samdrift_platform.telemetry import silence

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report

#: Longest evaluation, seconds.
LONGEST_S = 1800.0
#: Niceness: work that people wait for goes first.
NICE = 10
_POLL_S = 0.2


class SuiteRefusedError(SamdriftError):
    """The suite cannot evaluate this version. Correct what it names, and log the model again."""

    status = 422


class EvaluationEndedError(UnavailableError):
    """The evaluation ended without a report. It is tried again; its log is that of the evaluator."""


def evaluate(suite: str, folder: Path, output: Path, *, going_on: Callable[[], bool]) -> Report:
    """The report of the files in `folder` by the suite of that name, made by a child process.

    Args:
        suite: name of an entry point `samdrift.suites`.
        folder: the version's verified files.
        output: where the child writes; replaced.
        going_on: asked several times a second; the child is ended when it says no.

    Raises:
        SuiteRefusedError: the suite says that it cannot evaluate these files, and why.
        EvaluationEndedError: the child crashed, took too long, or was ended.
    """
    from samdrift_evaluation.report import Report

    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    status = _finish(_start(suite, folder, output), going_on)
    if not output.exists():
        raise EvaluationEndedError(f"The suite {suite} ended with status {status} and no report.")
    data = output.read_bytes()
    if status == 0:
        return Report.from_bytes(data)
    raise SuiteRefusedError(f"The suite {suite} cannot evaluate it: {json.loads(data)['error']}")


def _start(suite: str, folder: Path, output: Path) -> subprocess.Popen[bytes]:
    def prepare() -> None:
        die_with_parent()
        os.nice(NICE)

    argv = [sys.executable, "-m", __name__, suite, str(folder.resolve()), str(output.resolve())]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=prepare, start_new_session=True)


def _finish(child: subprocess.Popen[bytes], going_on: Callable[[], bool]) -> int:
    """The child's exit status, or the negative number of the signal that ended it."""
    until_s = time.monotonic() + LONGEST_S
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return child.wait(_POLL_S)
            if time.monotonic() > until_s:
                raise EvaluationEndedError(f"It took longer than {LONGEST_S:g} s and was ended.")
            if not going_on():
                raise EvaluationEndedError("It was ended with the evaluator.")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with what it has started itself
        child.wait()


def main(suite: str, folder: Path, output: Path) -> int:
    """The child's part: 0 with a report in `output`, 1 with the suite's own refusal."""
    silence()
    configure_logs("evaluation")  # and not `begin`: SIGTERM, which comes when the evaluator dies, must end us
    draft = output.with_suffix(".draft")
    try:
        data, status = plugins.suite(suite).evaluate(folder).to_bytes(), 0
    except SamdriftError as error:  # anything else is a crash, and its traceback goes to the log
        data, status = json.dumps({"error": error.message}).encode(), 1
    draft.write_bytes(data)
    draft.replace(output)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
