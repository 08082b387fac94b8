"""Web forms entered by the robot against bare Playwright in the same form, side by side in one run.

The bare script is what somebody would write who needs the form filled in and nothing else: a context, sign in, three
pages, save, read the case number. It checks no label, reads nothing back, lets a page send twice, and asks nothing.
Each form of the one is followed by a form of the other, the first one changing, so that a busy machine slows both. A
form's time ends when its browser could take the next: the robot answers before its context is closed, so that is waited
for here.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import sync_playwright

from samdrift_platform.contract import JsonObject
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.driving_licence.entering import Entry
from samdrift_rpa.driving_licence.generator import BORN_1977, Wanted, photo
from samdrift_rpa.evidence.cabinet import EvidenceCabinet
from samdrift_rpa.evidence.keys import EvidenceKeys
from samdrift_rpa.receivers.web_form import WebFormReceiver
from samdrift_rpa.web.browser import CHROMIUM, Browser
from samdrift_rpa.web.recording import Keep
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.legacy_form import PASSWORD, USER, Register, robot, started_register, stored

#: As many pairs as the budget allows, but so many at least and at most.
LEAST_FORMS, MOST_FORMS, BUDGET_S = 6, 12, 28.0
LEAST_SHARE = 0.9
#: Resamples of the pairs of forms for the interval.
RESAMPLES = 2_000


def main() -> int:
    if not CHROMIUM.exists():
        print(f"left out: {CHROMIUM} is missing; install it with: apt-get install chromium")  # noqa: T201 - to whoever runs it
        return 0
    title = "Web forms entered by the robot, and by bare Playwright in the same form"
    with (
        tempfile.TemporaryDirectory() as folder,
        started_register(Path(folder) / "register") as register,
        sync_playwright() as playwright,
        benchmark("rpa_forms", title) as measured,
    ):
        bare = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        home, browser = Home(Path(folder) / "home"), Browser(hosts=["127.0.0.1"])
        for keep, traced in ((Keep.NONE, False), (Keep.FAILED, True), (Keep.EVERY, True)):
            measure(measured, home, register, browser, bare, keep, traced=traced)
        browser.close()
        bare.close()
        measured.notes += [
            "share: bare's time for all forms over the robot's, until its browser could take the next; 95 % interval "
            "by resampling pairs of forms",
            "evidence every: both take a picture and save it and the trace; the robot masks both, encrypts them, and "
            "puts them durably into the object store and its ledger, bare writes two plain files",
            "evidence failed: both record a trace and throw it away",
        ]
        return 0 if all(measured.bars.values()) else 1


class Home:
    """Where the robot's evidence goes."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'ledger.db'}"
        folder.mkdir()
        migrations.upgrade(url)
        self.folder, self.store = folder, ObjectStore(f"file://{folder / 'objects'}")
        self.cabinet = EvidenceCabinet(Ledger(url), self.store, EvidenceKeys(folder), kept_for=timedelta(days=1))


def measure(
    measured: Benchmark,
    home: Home,
    register: Register,
    browser: Browser,
    bare: PlaywrightBrowser,
    keep: Keep,
    *,
    traced: bool,
) -> None:
    receiver = robot(register, home.store, browser, keep=keep, cabinet=lambda: home.cabinet)
    request = stored(home.store, Wanted(number="B-1"))
    trace = home.folder / "bare.zip" if keep is Keep.EVERY else None
    ours, theirs = side_by_side(
        partial(enter, receiver, browser, request), partial(enter_bare, bare, register.url, traced=traced, trace=trace)
    )
    share = sum(theirs) / sum(ours)
    low, high = interval(ours, theirs)
    measured.row(
        evidence=str(keep),
        n=len(ours),
        robot_per_s=len(ours) / sum(ours),
        bare_per_s=len(theirs) / sum(theirs),
        share=share,
        share_low=low,
        share_high=high,
        robot_p50_ms=percentile(ours, 0.5) * 1e3,
        robot_p95_ms=percentile(ours, 0.95) * 1e3,
        bare_p50_ms=percentile(theirs, 0.5) * 1e3,
    )
    measured.bar(f"at least {LEAST_SHARE:g} of bare Playwright, evidence {keep}", share >= LEAST_SHARE)


def side_by_side(ours: Callable[[], None], theirs: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Seconds of each form, after one each that warms up."""
    ours()
    theirs()
    times: tuple[list[float], list[float]] = ([], [])
    until = time.monotonic() + BUDGET_S
    for number in range(MOST_FORMS):
        if number >= LEAST_FORMS and time.monotonic() > until:
            break
        for which in (0, 1) if number % 2 else (1, 0):
            with timed() as seconds:
                (ours, theirs)[which]()
            times[which].append(seconds[0])
    return times


def enter(receiver: WebFormReceiver[Entry], browser: Browser, request: JsonObject) -> None:
    assert receiver.deliver(uuid4(), request)["case_number"]
    assert browser._life is not None
    turn: Future[None] = Future()
    turn.cancel()
    browser._life._jobs.put((lambda context: None, turn))
    wait([turn])  # it is passed over when its turn has come


def enter_bare(browser: PlaywrightBrowser, url: str, *, traced: bool, trace: Path | None) -> None:
    context = browser.new_context()
    if traced:
        context.tracing.start(snapshots=True)
    page = context.new_page()
    page.goto(f"{url}/log-ind")
    page.get_by_label("Brugernavn").fill(USER)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log ind").click()
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/ansoegning/ny")
    page.get_by_label("Ekstern reference").fill(str(uuid4()))
    page.get_by_label("CPR-nummer").fill(BORN_1977)
    page.get_by_label("Ansøgers navn").fill("Testperson Eksempel")
    page.get_by_role("button", name="Næste").click()
    page.get_by_label("Kategori").select_option("B")
    page.get_by_label("Ansøgningstype").select_option("Førstegangs")
    page.get_by_label("Lægeattest udstedt").fill("04-11-2026")
    page.get_by_label("Bemærkninger i lægeattest").select_option("Nej")
    page.get_by_label("Foto").set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": photo()})
    page.get_by_role("button", name="Næste").click()
    page.get_by_label("Afgørelse").select_option("Udsted kørekort")
    page.get_by_label("Begrundelse").select_option("Ingen")
    page.get_by_label("Afgjort af").fill("clerk")
    page.get_by_role("button", name="Næste").click()
    page.get_by_role("button", name="Gem sag").click()
    assert page.get_by_role("cell", name="KK-").inner_text().startswith("KK-")
    if trace is not None:
        page.screenshot(path=trace.with_suffix(".png"), full_page=True)
    if traced:
        context.tracing.stop(path=trace)
    context.close()


def interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """95 % of the share, by resampling pairs (seeded)."""
    chance = random.Random(7)
    shares = []
    for _ in range(RESAMPLES):
        chosen = chance.choices(range(len(ours)), k=len(ours))
        shares.append(sum(theirs[at] for at in chosen) / sum(ours[at] for at in chosen))
    return percentile(shares, 0.025), percentile(shares, 0.975)


if __name__ == "__main__":
    sys.exit(main())
