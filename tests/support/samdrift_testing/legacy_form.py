"""The legacy application as a process of its own, killed and started again as a test likes, and a robot in front."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID, uuid5

import psutil
import pytest

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.driving_licence.entering import Entry
from samdrift_rpa.driving_licence.form import LicenceForm
from samdrift_rpa.driving_licence.generator import Wanted, photo, write
from samdrift_rpa.loopback.legacy_form.app import create_app
from samdrift_rpa.loopback.legacy_form.faults import Faults
from samdrift_rpa.loopback.legacy_form.log import Log
from samdrift_rpa.receivers.web_form import SignIn, WebFormReceiver
from samdrift_rpa.web.browser import CHROMIUM, Browser
from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.screen import Screen
from samdrift_testing.party import Party
from samdrift_testing.serving import Door, serving

USER, PASSWORD = "robot", "only-on-loopback-7"


def key(number: int) -> UUID:
    return uuid5(UUID(int=7), str(number))


class Register(Party):
    """One legacy application on one port and one folder."""

    def __init__(self, folder: Path, faults: str = "", *, slow_s: float = 1.5) -> None:
        user = {"SAMDRIFT_LEGACY_FORM_USER": f"{USER}:{PASSWORD}"}
        super().__init__("samdrift_rpa.loopback.legacy_form", folder, faults, "--slow-s", str(slow_s), environment=user)

    @property
    def log(self) -> Log:
        return Log(self.folder)

    @property
    def references(self) -> list[str]:
        return [case.reference for case in self.log.cases()]


@contextmanager
def started_register(folder: Path, faults: str = "", *, slow_s: float = 1.5) -> Iterator[Register]:
    """In a process of its own."""
    register = Register(folder, faults, slow_s=slow_s)
    try:
        register.start()
        yield register
    finally:
        register.kill()


class Rack:
    """One server for the registers of many tests, one after the other: to start a process each takes too long."""

    def __init__(self, url: str, door: Door) -> None:
        self._url, self._door = url, door

    @contextmanager
    def register(self, folder: Path, faults: str = "", *, released: Event | None = None) -> Iterator[Register]:
        """A slow answer comes when the test has `released` it."""
        register = Register(folder, faults)
        register.url = self._url
        app = create_app(
            Log(folder), Faults.parse(faults), users={USER: PASSWORD}, slow=partial(_until, released or Event())
        )
        with self._door.leading_to(app):
            yield register


async def _until(released: Event) -> None:
    while not released.is_set():
        await asyncio.sleep(0.02)


@contextmanager
def rack() -> Iterator[Rack]:
    door = Door()
    with serving(door) as url:
        yield Rack(url, door)


def browser() -> Browser:
    """Skips the test, and says what to install, where there is no Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing; install it with: apt-get install chromium")
    return Browser(hosts=["127.0.0.1"])


def robot(
    register: Register,
    store: Store,
    browser: Browser,
    *,
    timeout_s: float = 120.0,
    form: type[LicenceForm] = LicenceForm,
    **options: Any,
) -> WebFormReceiver[Entry]:
    made = form(register.url, user=lambda: SignIn(user=USER, password=PASSWORD), store=lambda: store)
    return WebFormReceiver(made, browser, timeout_s=timeout_s, **{"quiet_s": 0.0, **options})


class Impatient(LicenceForm):
    """One that waits a second for the receipt, however long the pages before it took."""

    def save(self, screen: Screen) -> JsonObject:
        screen._deadline = Deadline.after(1.0)
        return super().save(screen)


def stored(store: Store, wanted: Wanted, *, decision: str = "issue", ground: str | None = None) -> JsonObject:
    """An application in the store, and the effect's request for it."""
    document = store.put(write(wanted, store.put(photo())))
    return {"document": document, "decision": decision, "ground": ground, "decided_by": ["clerk"]}


def chromium_below(process: psutil.Process) -> list[psutil.Process]:
    """The browsers that `process` started, without their own helpers."""
    return [child for child in process.children(recursive=True) if _is_browser(child)]


def chromium_of(browser: Browser) -> list[psutil.Process]:
    """The browser of this robot alone: other tests of the same process have browsers of their own."""
    assert browser._life is not None
    drivers = Path(f"/proc/self/task/{browser._life._thread.native_id}/children").read_text().split()
    return [found for driver in drivers for found in chromium_below(psutil.Process(int(driver)))]


def _is_browser(process: psutil.Process) -> bool:
    try:
        return "chromium" in process.name() and "--type=" not in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # ended meanwhile, or not collected yet
        return False
