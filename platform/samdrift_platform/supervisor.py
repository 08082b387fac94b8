"""The supervisor: the platform's processes, started together, restarted one by one, ended together."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog
from rich.console import Console

from samdrift_platform import cluster, plugins
from samdrift_platform.errors import ConflictError, SamdriftError, UnavailableError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import grants, migrations, processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.process import begin, die_with_parent
from samdrift_platform.settings import Settings

log = structlog.get_logger(__name__)

#: Process -> the module that it runs.
MODULES = {
    "control": "samdrift_platform.control",
    "registry": "samdrift_platform.registrar",
    "evaluator": "samdrift_platform.evaluator",
    "dispatcher": "samdrift_platform.dispatcher",
    "delivery": "samdrift_platform.delivery",
}
#: Seconds between a process's death and its next start: the first, and the longest after doubling.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
#: A process that ran this long starts with the first pause again.
SETTLED_S = 60.0
#: How long processes may take to end what they are doing.
GRACE_S = 20.0
#: Seconds until a process is asked to end once more: one that was just beginning may have missed it.
ASK_AGAIN_S = 5.0
#: How often the command line's token is renewed; it is valid for 30 days.
TOKEN_RENEWAL = timedelta(days=1)


@dataclass(eq=False)
class Child:
    """One process that is kept running."""

    name: str
    argv: list[str]
    environment: Mapping[str, str]
    log_path: Path
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    #: When it was found dead (monotonic).
    ended_s: float | None = None
    pause_s: float = FIRST_PAUSE_S

    def start(self) -> None:
        """Start it; its output goes to its own log file."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                self.argv,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
                start_new_session=True,  # Ctrl-C is for us; we end the others in order
            )
        self.started_s, self.ended_s = time.monotonic(), None

    def revive(self) -> None:
        """Start it again if it has ended and its pause is over."""
        if self.process is None or self.process.poll() is None:
            return
        if self.ended_s is None:
            self._found_dead(self.process.returncode)
        elif time.monotonic() - self.ended_s >= self.pause_s:
            self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)
            self.start()

    def _found_dead(self, status: int) -> None:
        self.ended_s = time.monotonic()
        if self.ended_s - self.started_s > SETTLED_S:
            self.pause_s = FIRST_PAUSE_S
        log.warning("process ended, starting it again", name=self.name, status=status, pause_s=self.pause_s)

    def end(self, deadline_s: float) -> None:
        """Ask it to end, and make it end at `deadline_s` (monotonic)."""
        if self.process is None:
            return
        while self.process.poll() is None and (left_s := deadline_s - time.monotonic()) > 0:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(min(ASK_AGAIN_S, left_s))
        if self.process.poll() is None:
            log.warning("process did not end in time", name=self.name)
            self.process.kill()
            self.process.wait()


class Platform:
    """All processes of one installation, as a context manager."""

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        """Prepare to run below `settings.home`; `environment` is added to every process's own."""
        self.settings = settings
        self._environment = {**cluster.environment(settings), **settings.environment(), **(environment or {})}
        self.children = [self._child(name, [sys.executable, "-m", module]) for name, module in MODULES.items()]
        for name, argv in plugins.services(plugins.workload_names(settings.workloads)).items():
            self.children.append(self._child(name, list(argv)))
        self.children += schedules(self.settings, self._environment)
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the home folder, bring the ledger up to date, start everything."""
        self._lock = _lock(self.settings.home)
        _check_port(self.settings)
        migrations.upgrade(self.settings.ledger_url)
        self.ledger = Ledger(self.settings.ledger_url)
        self._prepare_governance()
        self._write_token()
        for child in self.children:
            child.start()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything, the newest first."""
        self._stopping.set()
        self._watcher.join()
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline_s = time.monotonic() + GRACE_S
        for child in reversed(self.children):
            child.end(deadline_s)
        self.ledger.close()
        if self._lock is not None:
            self._lock.close()

    def sign_in_link(self) -> str:
        """A one-time link into the portal."""
        with self.ledger.write() as connection:
            secret = grants.issue(connection, GrantKind.LINK, "operator", now=datetime.now(UTC))
        return f"{self.settings.url}/sign-in?link={secret}"

    def wait_for(self, names: Iterable[str], *, timeout_s: float, stopping: threading.Event | None = None) -> bool:
        """Wait until these processes report that they are ready; False when `stopping` was set before.

        Raises:
            UnavailableError: one is not in time; the message says what it last reported and where its log is.
        """
        stopping = stopping or threading.Event()
        deadline_s = time.monotonic() + timeout_s
        while waiting := self._unready(names):
            if time.monotonic() > deadline_s:
                logs = self.settings.home / "logs"
                raise UnavailableError(f"Not ready after {timeout_s:g} s: {'; '.join(waiting)}. Look into {logs}.")
            if stopping.wait(0.1):
                return False
        return True

    def _prepare_governance(self) -> None:
        """An operator, and the policies that the workloads ship; on a later start there is nothing to do."""
        names = plugins.workload_names(self.settings.workloads)
        governance = Governance(self.ledger, self.settings.home)
        governance.prepare(plugins.gate_policies(names), now=datetime.now(UTC))

    def _unready(self, names: Iterable[str]) -> list[str]:
        with self.ledger.read() as connection:
            known = {process.name: process for process in processes.all_of(connection)}
        pids = {child.name: child.process.pid for child in self.children if child.process is not None}
        waiting = []
        for name in names:
            report = known.get(name)
            if report is None or report.pid != pids.get(name) or not report.ready:
                waiting.append(f"{name}: {dict(report.detail) if report else 'not heard of yet'}")
        return waiting

    def _child(self, name: str, argv: list[str]) -> Child:
        path = self.settings.home.resolve() / "logs" / f"{name}.log"
        return Child(name=name, argv=argv, environment=self._environment, log_path=path)

    def _watch(self) -> None:
        while not self._stopping.wait(0.2):
            for child in self.children:
                child.revive()
            if datetime.now(UTC) - self._token_at > TOKEN_RENEWAL:
                self._renew_token()

    def _renew_token(self) -> None:
        try:
            self._write_token()
        except SamdriftError as error:  # the one in use is good for weeks: tomorrow will do
            log.warning("could not renew the token", why=error.message)

    def _write_token(self) -> None:
        self._token_at = datetime.now(UTC)
        _write_token(self.ledger, self.settings.home)


def schedules(settings: Settings, environment: Mapping[str, str]) -> list[Child]:
    """Prefect's server and the process that serves our flows to it; nothing else waits for either."""
    if not settings.prefect_port:
        return []
    home, port = settings.home.resolve(), str(settings.prefect_port)
    own = {
        **environment,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    serving = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"]
    flows = [sys.executable, "-m", "samdrift_platform.schedules"]
    return [
        Child(name=name, argv=argv, environment=own, log_path=home / "logs" / f"{name}.log")
        for name, argv in (("prefect", serving), ("schedules", flows))
    ]


def _lock(home: Path) -> IO[str]:
    """Hold the home folder; the kernel lets go when we end, however we end."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    file = (home / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConflictError(f"Another Samdrift runs on {home}. Stop it, or choose another SAMDRIFT_HOME.") from error
    return file


def _check_port(settings: Settings) -> None:
    """Say now what the control plane would otherwise say in its log, again and again."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        raise ConflictError(
            f"Cannot listen on {settings.host}:{settings.port} ({os.strerror(error.errno or 0)}). "
            "Stop what listens there, or choose another SAMDRIFT_PORT."
        ) from error


def _write_token(ledger: Ledger, home: Path) -> None:
    """Have a token for the command line on this machine, readable by its owner alone."""
    new = home / "token.new"
    with ledger.write() as connection:
        secret = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    new.replace(home / "token")


def up(settings: Settings, *, as_json: bool = False) -> None:
    """Run the platform until SIGINT or SIGTERM; print where it is and how to get in."""
    stopping = begin("supervisor")
    with Platform(settings) as platform:
        if not platform.wait_for(["control"], timeout_s=60.0, stopping=stopping):
            return
        logs = settings.home.resolve() / "logs"
        _tell({"url": settings.url, "sign_in": platform.sign_in_link(), "logs": str(logs)}, as_json=as_json)
        stopping.wait()


def _tell(facts: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts), flush=True)  # noqa: T201 - this is the command's answer
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Samdrift answers at {facts['url']}; its logs are in {facts['logs']}")
    console.print(f"Sign in (once, within 15 minutes): {facts['sign_in']}")
    console.print("Readiness: samdrift status. Stop with Ctrl-C.")
