"""The energy and CO2 account: measured savings as the benefit ledger has them, a building and period a row."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.account.recorded import recorded, recorded_item, recorded_sum, recorded_years
from samdrift_energy_forecast.account.table import COLUMNS
from samdrift_energy_forecast.pages.asking import SignedIn, ledger_of
from samdrift_platform.portal.formatting import noon
from samdrift_platform.portal.paging import Offset, around
from samdrift_platform.portal.plot import Plot, Series

Year = Annotated[int | None, Query(ge=2000, le=2100)]

#: Accounts on one page.
PAGE = 100


def account(shell: SignedIn, year: Year = None, offset: Offset = 0) -> HTMLResponse:
    """The accounts of a year, or all of them."""
    with ledger_of(shell).read() as connection:
        found = recorded(connection, year=year, limit=PAGE + 1, offset=offset)
        total, years = recorded_sum(connection, year=year), recorded_years(connection)
    return shell.page(
        "energy_forecast/account.html",
        accounts=found[:PAGE],
        year=year,
        years=years,
        total=total,
        noon=noon,
        **around(offset, more=len(found) > PAGE, page=PAGE),
    )


def account_file(shell: SignedIn, year: Year = None) -> Response:
    """The same as CSV, with every column."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n", extrasaction="ignore")  # RFC 4180
    writer.writeheader()
    with ledger_of(shell).read() as connection:
        writer.writerows(one.account for one in recorded(connection, year=year) if one.account)
    headers = {"Content-Disposition": 'attachment; filename="account.csv"'}
    return Response(text.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers)


def account_of(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One account: what the saving rests on, and its weeks."""
    with ledger_of(shell).read() as connection:
        found = recorded_item(connection, item_id)
    return shell.page("energy_forecast/account_of.html", found=found, account=found.account, drawn=weeks, noon=noon)


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
