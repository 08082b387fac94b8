"""The installed processes: what each is for, when it works, what it may do outside, and how today goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_platform.ledger import lanes
from samdrift_platform.ledger.lanes import Pause
from samdrift_platform.portal.shell import Shell
from samdrift_rpa.hours import COPENHAGEN
from samdrift_rpa.pages.asking import Now, SignedIn, cases_of, processes_of
from samdrift_rpa.process import Process
from samdrift_rpa.statistics import WORKLOAD
from samdrift_rpa.statistics.figures import Figures, of_all
from samdrift_rpa.statistics.period import Period


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A process as the page shows it."""

    process: Process[Any, Any]
    #: Of the cases that were received today, by Danish clocks.
    today: Figures
    #: Who paused it and why; None: nobody did.
    pause: Pause | None
    is_open: bool
    #: When it works next; None where it works now.
    opens: datetime | None
    #: Where its cases are shown; empty: nowhere but among all items.
    address: str


def router() -> APIRouter:
    """The page `/rpa/`."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/", processes, response_class=HTMLResponse)
    return pages


def processes(shell: SignedIn, at: Now) -> HTMLResponse:
    """Every process that is installed."""
    hosted = processes_of(shell)
    today = at.astimezone(COPENHAGEN).date()
    with cases_of(shell) as connection:
        figures = of_all(connection, list(hosted), Period(first=today, last=today), now=at)
        paused = lanes.paused(connection, WORKLOAD)
    listed = [_listed(shell, process, today, paused, at) for process, today in _paired(hosted, figures)]
    return shell.page("rpa/processes.html", listed=listed, spoken=shell.language)


def _paired(
    hosted: Mapping[str, Process[Any, Any]], figures: Sequence[Figures]
) -> list[tuple[Process[Any, Any], Figures]]:
    return list(zip(hosted.values(), figures, strict=True))


def _listed(
    shell: Shell, process: Process[Any, Any], today: Figures, paused: Mapping[str, Pause], at: datetime
) -> Listed:
    is_open = process.hours.is_open(at)
    return Listed(
        process=process,
        today=today,
        pause=paused.get(process.name),
        is_open=is_open,
        opens=None if is_open else process.hours.next_opening(at),
        address=_address(shell, process.name),
    )


def _address(shell: Shell, name: str) -> str:
    """A process's own pages begin at `/rpa/<its name>`, where it has some."""
    path = f"/{WORKLOAD}/{name}"
    return path if any(getattr(route, "path", "") == path for route in shell.request.app.routes) else ""
