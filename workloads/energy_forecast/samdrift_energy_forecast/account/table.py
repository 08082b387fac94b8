"""Accounts as rows for spreadsheets and as JSON: one building and period a row, every figure with what it rests on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from samdrift_energy_forecast.account.savings import LEVEL, Savings

if TYPE_CHECKING:
    from samdrift_energy_forecast.account.savings import Interval
    from samdrift_energy_forecast.account.statement import Statement

Cell = str | float | int | None
COLUMNS = (
    "building",
    "name",
    "type",
    "first",
    "last",
    "heat_kwh",
    "coverage",
    "area_m2",
    "kwh_per_m2",
    "degree_days",
    "normal_degree_days",
    "weather_independent_kwh",
    "corrected_kwh",
    "cost",
    "currency",
    "kg_co2",
    "kg_co2_per_kwh",
    "factor_year",
    "factor_method",
    "saved_kwh",
    "saved_kwh_low",
    "saved_kwh_high",
    "saved_share",
    "saved_cost",
    "saved_cost_low",
    "saved_cost_high",
    "saved_kg_co2",
    "saved_kg_co2_low",
    "saved_kg_co2_high",
    "level",
    "design",
    "reference_days",
    "plan_days",
    "cvrmse",
    "nmbe",
    "base_c",
    "held_out_stretches",
    "guideline_14",
    "not_stated_because",
    "saved_kwh_against_forecast",
    "saved_kwh_against_forecast_low",
    "saved_kwh_against_forecast_high",
    "days_with_forecast",
    "method",
)


def row(account: Statement, language: str = "en") -> dict[str, Cell]:
    """One account as `COLUMNS`; None where a figure is not stated."""
    emission = account.emission
    return {
        "building": account.building,
        "name": account.name,
        "type": account.type,
        "first": account.first.isoformat(),
        "last": account.last.isoformat(),
        "heat_kwh": _rounded(account.heat_kwh),
        "coverage": round(account.coverage, 4),
        "area_m2": account.area_m2,
        "kwh_per_m2": _rounded(account.kwh_per_m2),
        **_correction(account),
        "cost": _rounded(account.cost),
        "currency": account.currency,
        "kg_co2": _rounded(account.kg_co2),
        "kg_co2_per_kwh": emission.kg_co2_per_kwh,
        "factor_year": emission.year,
        "factor_method": emission.method,
        **_savings(account, language),
        **_against_forecast(account),
        "method": account.method,
    }


def to_csv(accounts: Iterable[Statement], language: str = "en") -> bytes:
    """UTF-8 with header, RFC 4180; numbers with a point, an empty cell where a figure is not stated."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row(account, language) for account in accounts)
    return text.getvalue().encode()


def _correction(account: Statement) -> dict[str, Cell]:
    found = account.correction
    if found is None:
        return {}
    return {
        "degree_days": _rounded(found.degree_days),
        "normal_degree_days": _rounded(found.normal_degree_days),
        "weather_independent_kwh": _rounded(found.independent_kwh),
        "corrected_kwh": _rounded(found.corrected_kwh),
    }


def _savings(account: Statement, language: str) -> dict[str, Cell]:
    found = account.savings
    if not isinstance(found, Savings):
        return {"not_stated_because": found.text(language)}
    return {
        **_in_unit("saved_kwh", found.saved_kwh, found.interval_kwh, 1.0),
        "saved_share": round(found.saved_kwh / found.expected_kwh, 4),
        **_in_unit("saved_cost", found.saved_kwh, found.interval_kwh, account.price_per_kwh),
        **_in_unit("saved_kg_co2", found.saved_kwh, found.interval_kwh, account.emission.kg_co2_per_kwh),
        "level": LEVEL,
        "design": str(found.design),
        "reference_days": found.reference_days,
        "plan_days": found.reporting_days,
        "cvrmse": round(found.baseline.cvrmse, 4),
        "nmbe": round(found.baseline.nmbe, 5),
        "base_c": found.baseline.base_c,
        "held_out_stretches": found.held_out.stretches,
        "guideline_14": "yes" if found.meets_guideline_14 else "no",
    }


def _against_forecast(account: Statement) -> dict[str, Cell]:
    found = account.against_forecast
    if found is None:
        return {}
    return {
        **_in_unit("saved_kwh_against_forecast", found.saved_kwh, found.interval_kwh, 1.0),
        "days_with_forecast": found.days,
    }


def _in_unit(name: str, value: float, interval: Interval | None, factor: float) -> dict[str, Cell]:
    told: dict[str, Cell] = {name: _rounded(value * factor)}
    if interval is not None:
        told |= {f"{name}_low": _rounded(interval.low * factor), f"{name}_high": _rounded(interval.high * factor)}
    return told


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
