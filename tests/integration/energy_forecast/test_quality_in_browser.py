"""The page of a plan's readings and the report of a file in a real Chromium: accessible, also on 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest
from playwright.sync_api import Browser

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter
from samdrift_energy_forecast.plan_list.following import WORKLOAD
from samdrift_energy_forecast.quality.examination import Surroundings, examine
from samdrift_energy_forecast.quality.report import report
from samdrift_energy_forecast.quality.sentences import Language
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.browsing import visiting
from samdrift_testing.estate import BEGINS, NOW, Estate, app_over, described
from samdrift_testing.meter_faults import COPENHAGEN, as_readings, clean_heat
from samdrift_testing.pages import check_page, check_rules
from samdrift_testing.serving import serving
from samdrift_testing.work import claim, item, submit

pytestmark = pytest.mark.browser

COUNT = 8 * hours.WEEK
FIRST = hours.beginning_at(BEGINS) - COUNT
LANGUAGES: tuple[Language, ...] = ("da", "en")


@pytest.fixture(scope="module")
def faulty() -> bytes:
    heat = clean_heat(COUNT, first=FIRST)
    heat[-30], heat[-200:-170], heat[-400], heat[300:340] = -4.0, 0.0, 5000.0, heat[300]
    rows = [f"{hours.end_of(FIRST + k).isoformat()},{value}" for k, value in enumerate(heat)]
    return "\n".join(["stamp,heat_kwh", *rows]).encode()


@pytest.fixture(scope="module")
def paths(faulty: bytes, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of the pages of readings with faults, and of a file that is none."""
    with closing(Ledger(f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('browser') / 'l.db')}")) as ledger:
        estate, found = Estate(ledger), {}
        for name, data in {"faulty": faulty, "unreadable": b"PAR1"}.items():
            order = described(name, "Skolen ved Søen").model_dump(mode="json") | {"readings": estate.store.put(data)}
            made = item(name, BEGINS, issue_time=BEGINS.isoformat(), building=order)
            submit(ledger, name, [made], workload=WORKLOAD, priority=Priority.OPERATIONAL, now=NOW)
            (claimed,) = claim(ledger, workload=WORKLOAD, now=NOW)
            found[name] = f"/energy_forecast/quality/{claimed.id}"
        with serving(app_over(estate)) as address:
            yield {name: f"{address}{path}" for name, path in found.items()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["faulty", "unreadable"])
def test_the_page_is_accessible_and_can_be_walked_by_keyboard(
    browser: Browser, paths: dict[str, str], name: str, language: str, tmp_path: Path
) -> None:
    with visiting(browser, paths[name]) as visit:
        check_page(visit(f"?lang={language}"), language, tmp_path / "page")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_of_a_file_is_accessible_and_asks_for_nothing(
    browser: Browser, language: Language, tmp_path: Path
) -> None:
    heat = clean_heat(COUNT, first=FIRST)
    heat[-30], heat[-200:-170] = -4.0, 0.0
    examination = examine(as_readings(heat, FIRST), Meter(), Surroundings(zone=COPENHAGEN))
    path = tmp_path / "report.html"
    path.write_text(report(examination, name="Skolen <ved> Søen", language=language), encoding="utf-8")
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    check_rules(page)
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert asked == [path.as_uri()]
    context.close()
