from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from samdrift_evaluation.report import Line
from samdrift_platform import plugins
from samdrift_platform.contract import Benefit, Effect, Item, Outcome, Priority, Verdict, Workload
from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.control.app import create_app
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import effects, endings, grants, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.migrations import upgrade
from samdrift_platform.settings import Settings, load
from samdrift_registry.inventory import content_digest
from samdrift_registry.store import ManifestStore
from samdrift_reports.examples import REPORT, estimate
from samdrift_testing.browsing import PATIENCE_MS
from samdrift_testing.governing import MODEL, POLICY, Office, opened
from samdrift_testing.serving import serving
from samdrift_water.workload import workload as water

LEASE = timedelta(minutes=5)
BACK_OFFICE = "back-office"


@dataclass(frozen=True)
class Portal:
    """A control plane that listens, and the ledger below it."""

    url: str
    ledger: Ledger
    home: Path

    def submit(self, reference: str, meters: list[str]) -> str:
        """A submission of the water workload."""
        request = submissions.Request(
            workload="water",
            tenant="demo",
            reference=reference,
            document={"meters": meters},
            items=[Item(reference=f"{reference}/{meter}", payload={"meter": meter}) for meter in meters],
            priority=Priority.OPERATIONAL,
            submitted_by="plumber",
        )
        with self.ledger.write() as connection:
            identifier, _ = submissions.submit(connection, request, now=datetime.now(UTC))
        return str(identifier)

    def claim(self, limit: int = 100) -> list[queue.Claim]:
        """Take what is queued, as a dispatcher does."""
        with self.ledger.write() as connection:
            return queue.claim(
                connection, workload="water", worker="test", limit=limit, lease=LEASE, now=datetime.now(UTC)
            )

    def finish(self, claim: queue.Claim, verdict: Verdict, reason: str | None = None, letters: int = 0) -> None:
        """Record an outcome, as a dispatcher does."""
        outcome = Outcome(reference=claim.reference, verdict=verdict, result={"m3": 12.5}, reason=reason)
        letter = {"to": "house"}
        planned = [Effect(step=f"letter-{number}", receiver=BACK_OFFICE, request=letter) for number in range(letters)]
        saved = [Benefit(measure="water", quantity=12.5, unit="m³", method="Leak found before the yearly reading.")]
        decided_by = self.governance.deployments().values()
        completion = Completion(
            outcome=outcome, effects=planned, saved=saved, decided_by=list(decided_by), scores={"m3": 12.5}
        )
        with self.ledger.write() as connection:
            endings.complete(connection, "water", [(claim, completion)], now=datetime.now(UTC))

    def deliver(self) -> None:
        """Deliver the effects whose turn it is, as a delivery process does."""
        now = datetime.now(UTC)
        with self.ledger.write() as connection:
            for effect in effects.claim(connection, ["water"], limit=10, lease=LEASE, now=now):
                effects.delivered(connection, effect, {"received": True}, now=now)

    @property
    def governance(self) -> Governance:
        """The journal of this portal's installation."""
        return Governance(self.ledger, self.home)

    def open_office(self) -> Office:
        """The policy is in force and everybody has their roles."""
        return opened(self.ledger, self.home)

    def evaluate(self, office: Office, version: int) -> None:
        """Judge a report that has everything a report can have, as the evaluator does."""
        files = ManifestStore(self.home).get(MODEL, version).manifest.files
        accuracy = Line(name="accuracy", figure=estimate(0.8, 0.05))
        report = replace(REPORT, subject=content_digest(files), lines=(accuracy, *REPORT.lines))
        office.governance.evaluated(MODEL, version, report, policy=POLICY, evidence="own", now=datetime.now(UTC))

    def session(self, person: str = "plumber") -> str:
        """The secret of a session."""
        with self.ledger.write() as connection:
            return grants.issue(connection, GrantKind.SESSION, person, now=datetime.now(UTC))

    def link(self, person: str = "plumber") -> str:
        """A fresh one-time link."""
        with self.ledger.write() as connection:
            secret = grants.issue(connection, GrantKind.LINK, person, now=datetime.now(UTC))
        return f"{self.url}/sign-in?link={secret}"


@dataclass
class Visit:
    """A page, and everything that went wrong while it was open."""

    page: Page
    home: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("requestfailed", self._on_failure)
        self.page.on("response", self._on_response)

    def go(self, path: str) -> None:
        self.page.goto(self.home + path, wait_until="load")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1" and not request.url.startswith("data:"):
            self.troubles.append(f"request to elsewhere: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a poll that the next page cuts off
            self.troubles.append(f"failed: {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"status {response.status}: {response.url}")


def _serve(home: Path, *workloads: Workload) -> Iterator[Portal]:
    settings = Settings(home=home)
    upgrade(settings.ledger_url)
    ledger = Ledger(settings.ledger_url)
    app = create_app(settings, workloads={workload.name: workload for workload in workloads}, ledger=ledger)
    with serving(app) as url:
        yield Portal(url=url, ledger=ledger, home=home)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """An empty portal of one test's own."""
    yield from _serve(tmp_path, water)


@pytest.fixture(scope="session")
def empty_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with every installed workload, in which nothing was ever submitted."""
    installed = plugins.workloads(plugins.workload_names(load().workloads))
    yield from _serve(tmp_path_factory.mktemp("empty"), water, *installed.values())


@pytest.fixture(scope="session")
def full_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with an item in every state that a workload's outcome can lead to."""
    for portal in _serve(tmp_path_factory.mktemp("full"), water):
        office = portal.open_office()
        office.register(1)
        portal.evaluate(office, 1)
        office.declare(1)
        office.approve(1)
        office.governance.promote(MODEL, 1, "The first one", actor="operator", now=datetime.now(UTC))
        office.register(2)
        portal.evaluate(office, 2)
        office.declare(2)
        office.approve(2, "tim")
        office.register(3)
        office.governance.alarm(
            f"model:{MODEL}/1", "alias moved", "champion was moved from 1 to 2 in MLflow.", {"was": "1", "now": "2"},
            actor="registry", now=datetime.now(UTC),
        )  # fmt: skip
        portal.submit("lane/3", ["kitchen", "bath"])
        portal.submit("street/7", ["cellar", "garage", "garden", "attic", "a-meter-with-a-very-long-name-" + "x" * 60])
        claims = portal.claim(6)
        portal.finish(claims[0], Verdict.DONE, letters=2)
        portal.deliver()
        portal.finish(claims[1], Verdict.DONE)
        portal.finish(claims[2], Verdict.REJECTED, reason="The meter stands below zero. Read it again.")
        portal.finish(claims[3], Verdict.WAITING_FOR_PERSON, reason="Twice the usual. Is there a leak?")
        yield portal


@pytest.fixture(scope="session")
def demonstrated_portal(request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal on what the demonstration left; SAMDRIFT_DEMONSTRATED names a home where it has run already."""
    given = os.environ.get("SAMDRIFT_DEMONSTRATED", "")
    home = Path(given) if given else request.getfixturevalue("survived").home
    installed = plugins.workloads(plugins.workload_names(load().workloads))
    yield from _serve(home, *installed.values())


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="da-DK", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    folder = Path(__file__).parents[2] / "artifacts" / "portal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sessions() -> dict[str, str]:
    """Portal and person -> the cookie of a signed-in browser, so that each test need not sign in again."""
    return {}


@pytest.fixture
def visit(sessions: dict[str, str]) -> Callable[..., Visit]:
    """Opens a browser's page on a portal; signed in unless said otherwise."""

    def visited(context: BrowserContext, portal: Portal, *, signed_in: bool = True, person: str = "plumber") -> Visit:
        if signed_in:
            key = f"{portal.url} {person}"
            cookie = sessions.get(key) or sessions.setdefault(key, portal.session(person))
            context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, "url": portal.url, "sameSite": "Strict"}])
        return Visit(page=context.new_page(), home=portal.url)

    return visited
