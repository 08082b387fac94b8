"""Official rules in a process of their own, for documents that may take them long: a call that ends, whatever they do.

Neither Saxon nor libxml2 can be interrupted. Some official rules look at all later lines for each line, and each schema
error counts the elements before it, so that twice the lines take four times as long. The kernel ends the process that
takes more CPU than it may.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import IO, cast

from samdrift_platform.errors import SamdriftError
from samdrift_rpa.documents import Document
from samdrift_rpa.rules.findings import Findings

#: The length of a document in bytes, before the bytes themselves.
LENGTH = struct.Struct(">I")
#: By the clock it may take so many times its CPU time, on a machine that has other work.
_PATIENCE = 10.0
#: What the process is told of its surroundings: where Python finds its modules, and no secret.
_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")


class UnfinishedError(SamdriftError):
    """The official rules were not done with it in time, so there is no verdict. Ask for the document in parts."""


class LostProcessError(SamdriftError):
    """The process that holds large documents to rules ended without an answer. See that there is memory, and retry."""


class EndedRules:
    """One process, started when it is first needed and again when it was ended. One document at a time."""

    def __init__(self, folder: Path, longest_cpu_s: float) -> None:
        """The rules below `folder`; a document that takes more CPU seconds than `longest_cpu_s` ends the process."""
        self._folder, self._longest_cpu_s = folder, longest_cpu_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def validate(self, document: Document) -> Findings:
        """What `OfficialRules.validate_here` says.

        Raises:
            UnfinishedError: it was not done in time.
            LostProcessError: the process was lost twice, for another reason.
        """
        content = document.source or _serialised(document)
        with self._lock:
            try:
                return self._ask(content)
            except LostProcessError:  # it ends by itself when it has nothing to do, and that may have been just now
                return self._ask(content)

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

    def _ask(self, content: bytes) -> Findings:
        process = self._process = self._running() or self._started()
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self._longest_cpu_s * _PATIENCE, end)
        watch.daemon = True
        watch.start()
        try:
            line = _exchange(process, content)
        except BrokenPipeError:  # it ended while it was told
            line = b""
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            raise self._lost(late=late.is_set())
        return Findings.from_json(json.loads(line))

    def _lost(self, *, late: bool) -> SamdriftError:
        process, self._process = cast("subprocess.Popen[bytes]", self._process), None
        process.kill()
        process.communicate()
        if late or process.returncode == -signal.SIGXCPU:
            return UnfinishedError(
                f"The official rules were not done with it after {self._longest_cpu_s:.12g} s of CPU time, so there is "
                "no verdict. Ask for the document in parts, or raise SAMDRIFT_RPA_RULES_CPU_S."
            )
        return LostProcessError()

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        folder = str(self._folder.absolute())
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "samdrift_rpa.rules.ended_process", str(self._longest_cpu_s), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            cwd="/",
        )


def _exchange(process: subprocess.Popen[bytes], content: bytes) -> bytes:
    requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    requests.write(LENGTH.pack(len(content)))
    requests.write(content)
    requests.flush()
    return answers.readline()


def _serialised(document: Document) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(document.root, encoding="utf-8", with_tail=False))


@cache
def ended_rules(folder: Path, longest_cpu_s: float) -> EndedRules:
    """Those of this process, for a folder and a limit."""
    rules = EndedRules(folder, longest_cpu_s)
    atexit.register(rules.close)
    return rules
