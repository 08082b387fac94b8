"""The pages of processes, statistics and one case in a real Chromium: accessible, also on 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from samdrift_platform.ledger import lanes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.testing import portal_of
from samdrift_rpa.hours import OFFICE_HOURS
from samdrift_rpa.process import TimeSaved
from samdrift_testing.browsing import visiting
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.pages import check_page
from samdrift_testing.robots import Robots, robots
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser

MINUTES = TimeSaved(
    time_spend_per_occurance_min=6.0,
    decision_min=2.0,
    time_spend_occurances_per_employee=900,
    time_spend_employees_doing_process=2,
)


@pytest.fixture
def desk(sqlite_ledger: Ledger) -> Robots:
    """Three days of errands, one of which a person decided, and one waits."""
    process = replace(errands, time_saved=MINUTES, hours=OFFICE_HOURS, kle=("00.32.02",))
    desk = robots(sqlite_ledger, process, replace(errands, name="chores"), order={"number": "17"})
    now = datetime.now(UTC)
    for day in range(3):
        at = now - timedelta(days=day, minutes=5)
        contents = [errand(f"thing {day}", 10 + day), errand(f"bicycle {day}", 4_000 + day), b"no" * (day + 1)]
        desk.submit(f"day {day}", "errands", [{"document": desk.store.put(each)} for each in contents], now=at)
    desk.work(now=now)
    desk.deliver(now=now)
    waiting = [item for item in desk.items() if item.state == "waiting_for_person"]
    desk.decide(waiting[0].id, "allow", "no", now=now, why="too dear")
    desk.work(now=now + timedelta(seconds=1))
    desk.deliver(now=now + timedelta(seconds=1))
    with sqlite_ledger.write() as connection:
        lanes.pause(connection, "rpa", "chores", "The shop moves.", actor="olga", now=now)
    return desk


@pytest.fixture
def site(desk: Robots) -> Iterator[str]:
    app = portal_of(desk.workload)
    app.state.ledger = desk.ledger
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("kind", ["processes", "statistics", "nothing", "case"])
def test_a_page(browser: Browser, site: str, desk: Robots, language: str, kind: str, tmp_path: Path) -> None:
    (refused,) = [item for item in desk.items() if item.result.get("exception", {}).get("code") == "refused"]
    paths = {
        "processes": "/rpa/",
        "statistics": "/rpa/statistics",
        "nothing": "/rpa/statistics?to=2020-01-01",
        "case": f"/rpa/cases/{refused.id}",
    }
    with visiting(browser, site) as visit:
        joined = "&" if "?" in paths[kind] else "?"
        visited = visit(f"{paths[kind]}{joined}lang={language}")
        check_page(visited, language, tmp_path / f"{kind}-{language}")
