"""Accounts of savings on a ledger, in a line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from samdrift_energy_forecast.account.item import ACCOUNT, REFUSAL, account_item
from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_energy_forecast.workload import workload
from samdrift_platform.contract import Outcome, Priority, Verdict
from samdrift_platform.ledger import endings
from samdrift_platform.ledger.endings import Completion
from samdrift_testing.estate import NOW, Estate
from samdrift_testing.saving_buildings import office
from samdrift_testing.work import claim, submit

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


def account(estate: Estate, year: int = 2026, *, reason: str | None = None, **changes: Any) -> UUID:
    """An account of a building that is made, or rejected for `reason`; the item's id."""
    no_table = "sha256:" + "0" * 64
    tables = dict.fromkeys(("readings", "weather_observed", "heated_days"), no_table)
    asked = office().model_dump(mode="json") | {"first": f"{year}-01-01", "last": f"{year}-04-30"} | tables
    item = account_item(AccountedBuilding.model_validate(asked), datetime(2026, 6, 1, tzinfo=UTC))
    submit(estate.ledger, item.reference, [item], workload=workload.name, priority=Priority.OPERATIONAL, now=NOW)
    (claimed,) = claim(estate.ledger, workload=workload.name, now=NOW)
    verdict = Verdict.REJECTED if reason else Verdict.DONE
    refused: dict[str, Any] = {REFUSAL: {"code": "reporting_thin", "facts": {"days": 12, "needed": 28}}}
    result = refused if reason else {ACCOUNT: MADE | changes}
    outcome = Outcome(reference=claimed.reference, verdict=verdict, result=result, reason=reason)
    with estate.ledger.write() as connection:
        endings.complete(connection, workload.name, [(claimed, Completion(outcome=outcome, effects=()))], now=NOW)
    return UUID(str(claimed.id))
