from __future__ import annotations

import csv
from collections.abc import Callable, Iterator

import pytest

from samdrift_energy_forecast.pages import account as pages
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.accounts import account
from samdrift_testing.estate import Estate, Visit, site
from samdrift_water.browsing import Outline


@pytest.fixture
def estate(sqlite_ledger: Ledger) -> Estate:
    return Estate(sqlite_ledger)


@pytest.fixture(scope="module")
def over() -> Iterator[Callable[[Estate], Visit]]:
    with site() as opened:
        yield opened


@pytest.fixture
def visit(estate: Estate, over: Callable[[Estate], Visit]) -> Visit:
    return over(estate)


@pytest.mark.parametrize(("language", "said"), [("en", "No saving has been measured"), ("da", "endnu ikke målt")])
def test_an_empty_account_says_what_to_do(visit: Visit, language: str, said: str) -> None:
    text = visit.page("/energy_forecast/account", language)
    assert said in text
    assert "samdrift energy account --record" in text


def test_the_account_lists_savings_with_their_intervals(estate: Estate, visit: Visit) -> None:
    item_id = account(estate)
    account(estate, 2025, reason="Only 12 days under plans are measured; 28 are needed.")
    text = visit.page("/energy_forecast/account")
    assert f'href="/energy_forecast/account/{item_id}"' in text
    assert "500 – 1,968" in text
    assert "Only 12 days under plans" in text
    assert "1. jan. 2026" in visit.page("/energy_forecast/account?year=2026", "da")
    assert "Only 12 days" not in visit.page("/energy_forecast/account?year=2026")
    assert len(Outline(text).all("h1")) == 1


def test_many_accounts_stand_on_several_pages_under_one_sum(
    estate: Estate, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    for year in (2021, 2022, 2023, 2024):
        account(estate, year)
    account(estate, 2025, reason="Only 12 days")
    first, last = visit.page("/energy_forecast/account"), visit.page("/energy_forecast/account?offset=4")
    assert 'href="/energy_forecast/account?offset=2"' in first
    assert 'href="/energy_forecast/account?offset=2"' in last
    assert "offset=6" not in last
    for page in (first, last):
        assert "2,000 – 7,872" in page  # four times 500 to 1,968
        assert "4,936" in page
    assert "500 – 1,968" in visit.page("/energy_forecast/account?year=2023")


def test_an_account_shows_what_it_rests_on_and_its_weeks(estate: Estate, visit: Visit) -> None:
    path = f"/energy_forecast/account/{account(estate)}"
    text = visit.page(path)
    outline = Outline(text)
    drawing = next(element for element in outline.all("div") if element.attributes.get("data-plot"))
    assert drawing.attributes["role"] == "img"
    assert len(outline.all("tr")) == 2 + 1
    assert "A saving is shown" in text
    assert "weeks in turn, by lot" in text
    danish = visit.page(path, "da")
    assert "uger på skift efter lodtrækning" in danish
    assert "12,0" in danish


def test_an_interval_that_holds_0_shows_no_saving(estate: Estate, visit: Visit) -> None:
    text = visit.page(f"/energy_forecast/account/{account(estate, saved_kwh_low=-3.0)}")
    assert "No saving is shown" in text
    assert "A saving is shown" not in text


def test_a_refused_account_says_why(estate: Estate, visit: Visit) -> None:
    path = f"/energy_forecast/account/{account(estate, reason='Only 12 days')}"
    assert "Only 12 days under plans are measured; 28 are needed." in visit.page(path)
    assert "Kun 12 dage med planer er målt; der skal 28 til." in visit.page(path, "da")


def test_the_table_is_a_download(estate: Estate, visit: Visit) -> None:
    account(estate)
    answer = visit.get("/energy_forecast/account.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(answer.text.splitlines())
    assert row["saved_kwh_low"] == "500.0"
    assert "weeks" not in row


def test_a_plan_is_no_account_and_an_account_no_plan(estate: Estate, visit: Visit) -> None:
    planned = estate.planned()
    account(estate)
    assert visit.get(f"/energy_forecast/account/{planned}").status_code == 404
    listed = visit.page("/energy_forecast/")
    assert "Skolen ved Søen" in listed
    assert "Kontoret" not in listed
