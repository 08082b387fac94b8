"""The statistics as a page and as files: what was done, what it took, and what it is estimated to have saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from samdrift_platform.errors import InputError
from samdrift_platform.portal.formatting import noon
from samdrift_platform.portal.plot import Plot, Series
from samdrift_platform.portal.shell import Shell
from samdrift_rpa.pages.asking import Now, SignedIn, cases_of, processes_of
from samdrift_rpa.statistics import report
from samdrift_rpa.statistics.daily import Day, days
from samdrift_rpa.statistics.figures import Figures, catalogue_min
from samdrift_rpa.statistics.period import Period

ProcessName = Annotated[str, Query(max_length=41, description="Only this process; empty: all.")]
First = Annotated[str, Query(alias="from", max_length=10, description="First day of receipt, YYYY-MM-DD.")]
Last = Annotated[str, Query(alias="to", max_length=10, description="Last day of receipt, YYYY-MM-DD.")]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the statistics are about, as it was asked, and the figures."""

    period: Period
    process: str
    figures: Sequence[Figures]
    days: Sequence[Day]

    @property
    def query(self) -> str:
        """The same question, for a link."""
        wanted = {"process": self.process, "from": self.period.first, "to": self.period.last}
        return urlencode({name: value for name, value in wanted.items() if value})


def router() -> APIRouter:
    """The page `/rpa/statistics` and its files."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/statistics", statistics, response_class=HTMLResponse)
    pages.add_api_route("/statistics.csv", as_csv)
    pages.add_api_route("/statistics.json", as_json)
    return pages


def statistics(shell: SignedIn, at: Now, process: ProcessName = "", first: First = "", last: Last = "") -> HTMLResponse:
    """The figures of the processes, exceptions by code, time saved against cost, and the days as a plot."""
    hosted = processes_of(shell)
    asked = _asked(shell, at, process, first, last)
    return shell.page(
        "rpa/statistics.html",
        asked=asked,
        titles={name: each.title[shell.language] for name, each in hosted.items()},
        per_case={name: each.time_saved.time_spend_per_occurance_min for name, each in hosted.items()},
        catalogue={name: catalogue_min(each.time_saved) for name, each in hosted.items()},
        drawn=drawn,
        noon=noon,
    )


def as_csv(shell: SignedIn, at: Now, process: ProcessName = "", first: First = "", last: Last = "") -> Response:
    """The same, a figure a row."""
    asked = _asked(shell, at, process, first, last)
    content = report.table(asked.figures, processes_of(shell))
    headers = {"Content-Disposition": 'attachment; filename="statistics.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def as_json(shell: SignedIn, at: Now, process: ProcessName = "", first: First = "", last: Last = "") -> Response:
    """The same as a document."""
    asked = _asked(shell, at, process, first, last)
    found = report.document(asked.figures, processes_of(shell), asked.period, now=at)
    return Response(json.dumps(found, ensure_ascii=False).encode(), media_type="application/json")


def drawn(found: Sequence[Day], *, title: str, labels: Mapping[str, str], unit: str) -> Plot:
    """Cases a day; the texts are in the reader's language."""
    series = [
        Series(label=label, unit=unit, values=[float(getattr(day, name)) for day in found], digits=0)
        for name, label in labels.items()
    ]
    return Plot(id="days", title=title, times=[noon(day.on) for day in found], series=series)


def _asked(shell: Shell, at: datetime, process: str, first: str, last: str) -> Asked:
    period = Period(first=_day(first, "from"), last=_day(last, "to"))
    with cases_of(shell) as connection:
        figures = report.figures_of(connection, processes_of(shell), period, now=at, only=process or None)
        found = days(connection, period, process or None)
        return Asked(period=period, process=process, figures=figures, days=found)


def _day(text: str, field: str) -> date | None:
    """A day as it was asked for; InputError when it is none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is not a day such as 2026-11-24.", field=field) from None
