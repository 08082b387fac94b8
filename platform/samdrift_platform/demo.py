"""`samdrift demo`: starts everything, has each workload submit real input, and says what came of it.

Run again on the same home folder, also after a kill, it goes on where it stopped and does nothing twice.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from samdrift_platform import demo_models, plugins
from samdrift_platform.client import Client
from samdrift_platform.demo_report import Report
from samdrift_platform.demonstration import Demonstration, Finding, Service, ShippedModel
from samdrift_platform.errors import SamdriftError, UnavailableError
from samdrift_platform.free_port import can_listen, free_port
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import benefits, items, verification
from samdrift_platform.ledger.items import ENDED, ItemState
from samdrift_platform.process import configure_logs
from samdrift_platform.settings import Settings
from samdrift_platform.supervisor import Child, Platform

#: Longest waits, seconds: a machine that needs more is too small, or something is broken.
SERVICE_S, READY_S, WORK_S = 60.0, 120.0, 600.0

T = TypeVar("T")


def run(settings: Settings, *, as_json: bool = False, stay: bool = False) -> bool:
    """Run the demonstration on `settings.home`; whether every step succeeded. With `stay`, until Ctrl-C."""
    configure_logs("demo")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as orderly as Ctrl-C
    return Demo(settings, Console(stderr=as_json, highlight=False)).run(as_json=as_json, stay=stay)


class Demo:
    """One run."""

    def __init__(self, settings: Settings, console: Console) -> None:
        """Prepare; nothing is started yet."""
        self._settings = replace(settings, port=_free_port(settings), prefect_port=0)  # it is over before Monday
        self._console = console
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
        )
        names = plugins.workload_names(settings.workloads)
        self._shown = {shown.name: shown for shown in plugins.demonstrations(names)}
        self._report = Report(url=self._settings.url)
        self._begun_s = time.monotonic()

    def run(self, *, as_json: bool, stay: bool) -> bool:
        """Start, submit, wait, report, and end what was started."""
        with ExitStack() as stack:
            with self._progress:
                platform = self._start(stack)
                client = stack.enter_context(Client(self._settings.url, (self._settings.home / "token").read_text()))
                self._work(client)
            self._report.findings["platform"] = list(_platform_findings(platform))
            self._report.total_s = time.monotonic() - self._begun_s
            self._tell(as_json=as_json)
            if stay:
                self._stay(platform)
        return self._report.ok

    def _start(self, stack: ExitStack) -> Platform:
        environment: dict[str, str] = {}
        with self._step("Starting the parties outside"):
            for name, shown in self._shown.items():
                for service in shown.services(self._folder(name)):
                    self._start_service(stack, service)
                    environment |= service.environment
        platform = stack.enter_context(Platform(self._settings, environment))
        self._provide_models(platform, [model for shown in self._shown.values() for model in shown.models()])
        with self._step("Loading the workloads"):
            platform.wait_for(["control", "registry", "evaluator", "dispatcher", "delivery"], timeout_s=READY_S)
        self._report.ready_s = time.monotonic() - self._begun_s
        return platform

    def _start_service(self, stack: ExitStack, service: Service) -> None:
        log_path = self._settings.home.resolve() / "logs" / f"{service.name}.log"
        child = Child(service.name, list(service.argv), service.environment, log_path)
        child.start()
        stack.callback(_end, child)
        _wait_for_url(service.ready_url, log_path)

    def _provide_models(self, platform: Platform, shipped: Sequence[ShippedModel]) -> None:
        """Take the shipped models that do not serve yet through governance, once."""
        governance = Governance(platform.ledger, self._settings.home)
        there = demo_models.serving(governance)
        missing = [model for model in shipped if model.name not in there]
        if not missing:
            return
        with self._step("Starting the registry"):
            platform.wait_for(["registry", "evaluator"], timeout_s=READY_S)
            for model in missing:
                demo_models.logged(platform.settings, model)
        for model in missing:
            with self._step(f"Registering, evaluating and approving {model.name} ({demo_models.NOTE})"):
                demo_models.provide(governance, platform.settings, model)

    def _work(self, client: Client) -> None:
        """Let every demonstration submit, wait and look, side by side."""
        running = {name: in_background(partial(self._show, shown, client)) for name, shown in self._shown.items()}
        self._report.findings = {name: future.result() for name, future in running.items()}

    def _show(self, shown: Demonstration, client: Client) -> list[Finding]:
        """One demonstration; what went wrong is a finding too."""
        task = self._progress.add_task(f"{shown.name}: submitting", total=None)
        try:
            shown.submit(client, self._folder(shown.name))
            # Also what others had submitted before a kill: findings count what the parties outside saw of it.
            for submission in list(client.submissions(workload=shown.name)):
                client.wait(submission["id"], timeout_s=WORK_S, on_progress=self._follow(task, shown.name))
            self._progress.update(task, description=f"{shown.name}: looking at what came of it")
            findings = list(shown.findings(client, self._folder(shown.name)))
        except SamdriftError as error:
            findings = [Finding(what="The demonstration", value=error.message, ok=False, note="see the logs")]
        self._progress.update(task, description=shown.name, total=1, completed=1)
        return findings

    def _follow(self, task: Any, name: str) -> Any:
        def follow(submission: Mapping[str, Any]) -> None:
            counts = submission["items"]
            total = sum(counts.values())
            left = counts.get(ItemState.QUEUED, 0) + counts.get(ItemState.RUNNING, 0)
            self._progress.update(
                task, description=f"{name}: {total - left} of {total} items", total=total, completed=total - left
            )

        return follow

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        task = self._progress.add_task(title, total=None)
        yield
        self._progress.update(task, total=1, completed=1)

    def _folder(self, name: str) -> Path:
        folder = self._settings.home.resolve() / "demonstration" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _tell(self, *, as_json: bool) -> None:
        if as_json:
            Console(highlight=False, soft_wrap=True).print_json(self._report.as_json())
        else:
            self._report.show(self._console)

    def _stay(self, platform: Platform) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        self._console.print(f"\nSign in (once, within 15 minutes): {platform.sign_in_link()}", soft_wrap=True)
        self._console.print("Another link: samdrift sign-in. Stop with Ctrl-C.")
        stopping.wait()
        self._console.print("Stopping.")


def in_background(work: Callable[[], T]) -> Future[T]:
    """Do it in a thread for which nobody waits when the process is told to end, as an executor's would be."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _platform_findings(platform: Platform) -> Iterator[Finding]:
    from samdrift_registry.keys import trusted_keys

    trusted = trusted_keys(platform.settings.home / "keys")
    with platform.ledger.read() as connection:
        counts = items.counts(connection)
        chain = verification.verify(connection, trusted)
        totals = benefits.totals(connection)
    all_items = sum(number for states in counts.values() for number in states.values())
    settled = ENDED | {ItemState.WAITING_FOR_PERSON}
    ended = sum(number for states in counts.values() for state, number in states.items() if state in settled)
    failed = sum(states.get(ItemState.FAILED, 0) for states in counts.values())
    url = platform.settings.url
    yield Finding(what="Items that ended", value=f"{ended} of {all_items}", ok=ended == all_items, note=url)
    yield Finding(what="Items that failed for our fault", value=str(failed), ok=failed == 0, note=f"{url}/v1/items")
    yield Finding(
        what="Audit chain",
        value=f"{chain.rows} events, {'intact' if chain.intact else chain.why}",
        ok=chain.intact,
        note="samdrift audit verify",
    )
    spent = [total for total in totals if total.measure == "electricity"]
    kwh = sum(total.quantity for total in spent)
    method = spent[0].method if spent else "nothing was computed"
    yield Finding(what="Electricity for computing", value=f"{kwh * 1000:.3g} Wh", ok=True, note=method)


def _free_port(settings: Settings) -> int:
    """The port of the settings, or a free one when somebody already listens there."""
    return settings.port if can_listen(settings.host, settings.port) else free_port(settings.host)


def _wait_for_url(url: str, log_path: Path) -> None:
    deadline_s = time.monotonic() + SERVICE_S
    while time.monotonic() < deadline_s:
        try:
            if httpx.get(url, timeout=1.0).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise UnavailableError(f"{url} did not answer within {SERVICE_S:g} s. Look into {log_path}.")


def _end(child: Child) -> None:
    if child.process is not None:
        child.process.terminate()
        child.end(time.monotonic() + 5.0)
