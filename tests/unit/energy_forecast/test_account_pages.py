from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from samdrift_energy_forecast.account.item import ACCOUNT, account_item
from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_energy_forecast.workload import workload
from samdrift_platform.contract import Outcome, Priority, Verdict
from samdrift_platform.ledger import endings
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_testing.estate import NOW, Estate, Visit, site
from samdrift_testing.saving_buildings import office
from samdrift_testing.work import claim, submit
from samdrift_water.browsing import Outline

MADE: dict[str, Any] = {
    "building": "office-1",
    "heat_kwh": 12345.6,
    "coverage": 0.987,
    "saved_kwh": 1234.0,
    "saved_kwh_low": 500.0,
    "saved_kwh_high": 1968.0,
    "saved_share": 0.091,
    "saved_cost": 987.2,
    "saved_kg_co2": 61.7,
    "currency": "DKK",
    "kg_co2_per_kwh": 0.05,
    "factor_year": 2023,
    "factor_method": "a test's",
    "design": "alternating_weeks",
    "plan_days": 91,
    "reference_days": 91,
    "cvrmse": 0.12,
    "base_c": 17.0,
    "held_out_stretches": 13,
    "guideline_14": "yes",
    "method": "measured: a test's",
    "weeks": [
        {"begins": "2026-01-05", "days": 7, "expected_kwh": 1000.0, "measured_kwh": 900.0},
        {"begins": "2026-01-19", "days": 7, "expected_kwh": 1100.0, "measured_kwh": 990.0},
    ],
}


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


def account(estate: Estate, year: int = 2026, *, reason: str | None = None, **changes: Any) -> UUID:
    """An account of a building that is made, or rejected for `reason`; the item's id."""
    no_table = "sha256:" + "0" * 64
    tables = dict.fromkeys(("readings", "weather_observed", "heated_days"), no_table)
    asked = office().model_dump(mode="json") | {"first": f"{year}-01-01", "last": f"{year}-04-30"} | tables
    item = account_item(AccountedBuilding.model_validate(asked), datetime(2026, 6, 1, tzinfo=UTC))
    submit(estate.ledger, item.reference, [item], workload=workload.name, priority=Priority.OPERATIONAL, now=NOW)
    (claimed,) = claim(estate.ledger, workload=workload.name, now=NOW)
    verdict = Verdict.REJECTED if reason else Verdict.DONE
    result = {} if reason else {ACCOUNT: MADE | changes}
    outcome = Outcome(reference=claimed.reference, verdict=verdict, result=result, reason=reason)
    with estate.ledger.write() as connection:
        endings.complete(connection, workload.name, [(claimed, Completion(outcome=outcome, effects=()))], now=NOW)
    return UUID(str(claimed.id))


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
    item_id = account(estate, reason="No day of the period was heated by a plan.")
    assert "No day of the period" in visit.page(f"/energy_forecast/account/{item_id}")


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
