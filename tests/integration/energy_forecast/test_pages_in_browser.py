"""The facility manager's pages in a real Chromium: accessible, by keyboard, on 320 pixels, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.document import HOUR
from samdrift_energy_forecast.plans.notice import Notice
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_testing.browsing import Open, visiting
from samdrift_testing.estate import BEGINS, DEAD, NOW, STALE, Estate, app_over, described
from samdrift_testing.pages import check_page, check_rules
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser

STOPPED = Notice(
    code="stopped",
    da="Varmeplanlægningen er stoppet, så den faste natsænkning gælder.",
    en="Heat planning is stopped, so the fixed setback plan applies.",
)


@dataclass(frozen=True)
class Site:
    """The portal at an address, and the item of a plan that was over."""

    address: str
    estate: Estate
    earlier: UUID


@pytest.fixture(scope="module")
def estate(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    path = copy(sqlite_template, tmp_path_factory.mktemp("browser") / "ledger.db")
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        yield Estate(ledger)


@pytest.fixture(scope="module")
def site(estate: Estate) -> Iterator[Site]:
    estate.registered(described("school-1", "Skolen ved Søen"), described("hall-1", "Idrætshallen"))
    earlier = estate.planned(begins=BEGINS - 24 * HOUR)
    unknown = estate.planned(delivery={"email": ["faye@example.org", "gus@example.org"]})
    stop_message(estate.ledger, unknown)
    estate.planned("kg-2", "Børnehaven Solstrålen", attention=(DEAD, STALE))
    estate.planned("house-3", "Rådhuset", safe_state=STOPPED)
    estate.planned("old-4", "Det gamle bibliotek", begins=BEGINS - 80 * HOUR)
    estate.rejected("new-5", "Plejehjemmet " + "med et meget langt navn " * 4, "The meter file is empty.")
    estate.planned("held-6", "Svømmehallen")
    with estate.ledger.write() as connection:
        overrides.put(
            connection, "held-6", set_point_c=23.5, expires=NOW + 5 * HOUR, reason="Stævne", by="faye", now=NOW
        )
    with serving(app_over(estate)) as address:
        yield Site(address, estate, earlier)


def stop_message(ledger: Ledger, item_id: UUID) -> None:
    """The delivery process gave the item's message up."""
    from datetime import timedelta

    from samdrift_platform.ledger import effects

    with ledger.write() as connection:
        (effect,) = effects.claim(connection, ["energy_forecast"], limit=1, lease=timedelta(minutes=1), now=NOW)
        effects.stopped(connection, effect, EffectState.UNKNOWN, "The connection broke.", now=NOW)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    with visiting(browser, site.address) as opened:
        yield opened


PAGES = [
    "/energy_forecast/",
    "/energy_forecast/?show=attention&search=b",
    "/energy_forecast/?search=nothing+is+called+so",
    *(
        f"/energy_forecast/buildings/{name}"
        for name in ("school-1", "kg-2", "house-3", "old-4", "new-5", "held-6", "hall-1")
    ),
    "earlier",
]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_can_be_walked_by_keyboard(
    visit: Open, site: Site, path: str, language: str, tmp_path: Path
) -> None:
    address = f"/energy_forecast/plans/{site.earlier}" if path == "earlier" else path
    visited = visit(f"{address}{'&' if '?' in address else '?'}lang={language}")
    check_page(visited, language, tmp_path / "page")


def test_a_set_point_by_hand_with_the_keyboard_alone(visit: Open, site: Site) -> None:
    page = visit("/energy_forecast/buildings/kg-2?lang=en").page
    page.locator("#set-point").focus()
    page.keyboard.type("22.5")
    page.keyboard.press("Tab")
    expect(page.locator("#until-next")).to_be_focused()
    page.locator("#reason").focus()
    page.keyboard.type("Cold children")
    page.keyboard.press("Enter")
    expect(page.locator(".now-holds .now-celsius")).to_have_text("22.5 °C")
    expect(page.locator(".now-holds")).to_contain_text("Cold children")
    page.locator("#end-override").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".now-holds .now-celsius")).to_have_text("20.4 °C")


def test_what_cannot_be_set_is_said_and_stays_typed(visit: Open, site: Site) -> None:
    visited = visit("/energy_forecast/buildings/kg-2?lang=da")
    page = visited.page
    page.locator("#set-point").fill("40")
    page.locator("#reason").fill("Varmt")
    page.locator("#set-override").click()
    expect(page.locator("#override .alert")).to_contain_text("Et setpunkt er et tal fra 7 til 26 °C.")
    expect(page.locator("#set-point")).to_have_value("40")
    check_rules(page)


def test_without_scripts_everything_that_is_to_be_known_is_there(visit: Open, site: Site) -> None:
    page = visit("/energy_forecast/buildings/school-1?lang=da", java_script_enabled=False).page
    assert page.locator(".now-holds .now-celsius").inner_text() == "20,4 °C"
    page.locator("details.plot-twin summary").first.click()
    assert page.locator("#temperatures-table tbody tr").count() > 72
    page.locator("#plan-now").click()
    expect(page.locator("#plans")).to_contain_text("I kø")
