"""The energy and CO2 account: measured savings as the benefit ledger has them, a building and period a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.account.recorded import RecordedAccount, recorded, recorded_item
from samdrift_energy_forecast.account.table import COLUMNS
from samdrift_energy_forecast.pages.asking import SignedIn, ledger_of
from samdrift_platform.portal.plot import Plot, Series
from samdrift_platform.portal.shell import Shell

Year = Annotated[int | None, Query(ge=2000, le=2100)]


@dataclass(frozen=True, kw_only=True)
class Sum:
    """Of the accounts that are made. The ends of the intervals are added, as if all errors went the same way."""

    buildings: int
    saved_kwh: float
    low_kwh: float
    high_kwh: float
    saved_kg_co2: float


def account(shell: SignedIn, year: Year = None) -> HTMLResponse:
    """The accounts of a year, or all of them."""
    found = _recorded(shell, year)
    return shell.page(
        "energy_forecast/account.html", accounts=found, year=year, years=_years(shell), sum=_sum(found), noon=noon
    )


def account_file(shell: SignedIn, year: Year = None) -> Response:
    """The same as CSV, with every column."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n", extrasaction="ignore")  # RFC 4180
    writer.writeheader()
    writer.writerows(one.account for one in _recorded(shell, year) if one.account)
    headers = {"Content-Disposition": 'attachment; filename="account.csv"'}
    return Response(text.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers)


def account_of(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One account: what the saving rests on, and its weeks."""
    with ledger_of(shell).read() as connection:
        found = recorded_item(connection, item_id)
    return shell.page("energy_forecast/account_of.html", found=found, account=found.account, drawn=weeks, noon=noon)


def noon(day: date) -> datetime:
    """An instant of the day, which the page writes as a date."""
    return datetime.combine(day, time(12), UTC)


def weeks(account: dict[str, Any], *, title: str, expected: str, measured: str) -> Plot:
    """Expected and measured heat of the days under plans, week by week; the texts are in the reader's language."""
    rows = account["weeks"]
    return Plot(
        id="weeks",
        title=title,
        times=[datetime.fromisoformat(row["begins"]).replace(tzinfo=UTC) for row in rows],
        series=[
            Series(label=label, unit="kWh", values=[row[name] for row in rows], digits=0)
            for label, name in ((expected, "expected_kwh"), (measured, "measured_kwh"))
        ],
    )


def _recorded(shell: Shell, year: int | None) -> list[RecordedAccount]:
    with ledger_of(shell).read() as connection:
        return recorded(connection, year=year)


def _years(shell: Shell) -> list[int]:
    """Years in which an account begins, newest first."""
    return sorted({one.first.year for one in _recorded(shell, None)}, reverse=True)


def _sum(accounts: Sequence[RecordedAccount]) -> Sum | None:
    made = [one.account for one in accounts if one.account]
    if not made:
        return None
    names = ("saved_kwh", "saved_kwh_low", "saved_kwh_high", "saved_kg_co2")
    saved, low, high, co2 = (sum(float(one[name]) for one in made) for name in names)
    buildings = len({one["building"] for one in made})
    return Sum(buildings=buildings, saved_kwh=saved, low_kwh=low, high_kwh=high, saved_kg_co2=co2)
