"""A command with everything it starts, ended as a power cut would."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil


class Tree:
    """A running `python -m samdrift_platform …`-like command; `kill` takes it and all its descendants at once."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], output: Path) -> None:
        """Start `argv`; standard output and error go to `output`(.err)."""
        with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
            self.process = subprocess.Popen(
                argv, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self.output = output
        #: Where it answers, once a test knows.
        self.url = ""
        self.prefect_url = ""

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nobody behind."""
        self.kill()

    def runs(self, parts: Collection[str]) -> bool:
        """Whether each of `parts` occurs in the command of one of its processes."""
        commands = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                    commands.append(" ".join(member.cmdline()))
        return all(any(part in command for command in commands) for part in parts)

    def kill(self) -> int:
        """SIGKILL for every process of the tree, stopped first so that none can react; how many there were."""
        try:
            parent = psutil.Process(self.process.pid)
            members = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            members = []
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.suspend()
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait()
        psutil.wait_procs([member for member in members if member.pid != self.process.pid], timeout=20)
        return len(members)

    def wait_until(self, what: str, holds: Callable[[], bool], *, timeout_s: float) -> None:
        """Look again and again until `holds()`; AssertionError with the output's end when it does not in time."""
        deadline_s = time.monotonic() + timeout_s
        pause = threading.Event()
        while not holds():
            assert self.process.poll() is None, f"ended with {self.process.returncode} before {what}: {self.tail()}"
            assert time.monotonic() < deadline_s, f"not in {timeout_s:g} s: {what}: {self.tail()}"
            pause.wait(0.01)  # what is waited for needs the processor too

    def finish(self, *, timeout_s: float) -> int:
        """Wait for its own end; the exit status."""
        return self.process.wait(timeout_s)

    def tail(self) -> str:
        """The end of what it printed."""
        return (self.output.read_text() + self.output.with_suffix(".err").read_text())[-2000:]


def samdrift(*words: str) -> list[str]:
    """The installed command line, as a user calls it."""
    return [str(Path(sys.executable).with_name("samdrift")), *words]
