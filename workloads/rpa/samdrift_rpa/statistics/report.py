"""The statistics as they leave: a document for programs, rows for a spreadsheet. Each figure says how it is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from samdrift_platform.errors import NotFoundError
from samdrift_rpa.process import Process
from samdrift_rpa.statistics.figures import Figures, Spread, catalogue_min, found, of_all
from samdrift_rpa.statistics.period import Period

#: Columns of the table.
COLUMNS = ("process", "figure", "detail", "value", "unit", "n", "method")
COUNTED = "counted, every case"
CATALOGUE = (
    "OS2autoproces timeSpendOccurancesPerEmployee x timeSpendPerOccurance x timeSpendEmployeesDoingProcess, "
    "the organisation's estimate; not measured"
)
HANDLING = "from receipt to end, waiting included; nearest rank of every case that has ended"
DECIDING = "from question to decision, added up a case; nearest rank of every case that people decided about"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure. What is not known is None."""

    process: str
    figure: str
    #: A state, a code or a measure, where there are several.
    detail: str = ""
    value: float | int | None
    unit: str
    #: Cases that it rests on.
    n: int
    method: str


def figures_of(
    connection: sa.Connection,
    processes: Mapping[str, Process[Any, Any]],
    period: Period,
    *,
    now: datetime,
    only: str | None = None,
) -> Sequence[Figures]:
    """The figures of every process that is installed or has cases, or of `only` one. The table must have caught up.

    Raises:
        NotFoundError: `only` is none of them.
    """
    names = sorted({*processes, *found(connection)})
    if only is not None and only not in names:
        raise NotFoundError(f"There is no process {only!r} here, and no case of one. There are: {', '.join(names)}.")
    return of_all(connection, names if only is None else [only], period, now=now)


def document(
    figures: Sequence[Figures], processes: Mapping[str, Process[Any, Any]], period: Period, *, now: datetime
) -> dict[str, Any]:
    """What `--json` and the API answer."""
    return {
        "made_at": now.isoformat(),
        "first": period.first.isoformat() if period.first else None,
        "last": period.last.isoformat() if period.last else None,
        "processes": [_process(each, processes.get(each.process)) for each in figures],
        "columns": list(COLUMNS),
        "rows": [asdict(row) for each in figures for row in rows(each, processes.get(each.process))],
    }


def table(figures: Sequence[Figures], processes: Mapping[str, Process[Any, Any]]) -> bytes:
    """The same as CSV (RFC 4180), a figure a row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(asdict(row) for each in figures for row in rows(each, processes.get(each.process)))
    return text.getvalue().encode()


def rows(figures: Figures, process: Process[Any, Any] | None) -> Iterator[Row]:
    """Every figure of a process."""
    name, received = figures.process, figures.received
    yield _count(name, "received", received, received)
    for state, number in sorted(figures.states.items()):
        yield _count(name, "state", number, received, state)
    for code, number in sorted(figures.exceptions.items()):
        yield _count(name, "business_exceptions", number, figures.rejected, code)
    yield _count(name, "system_exceptions", figures.failed, received)
    yield _count(name, "done_without_a_person", figures.untouched, figures.done)
    yield _count(name, "handled_by_hand", figures.by_hand, received)
    ended = figures.done + figures.rejected + figures.failed
    yield Row(process=name, figure="success", value=figures.success, unit="share", n=ended, method=_SUCCESS)
    yield _count(name, "waiting_now", figures.waiting.n, figures.waiting.n)
    longest = "until now; the longest"
    waiting = figures.waiting
    yield Row(process=name, figure="waiting_longest", value=waiting.longest_s, unit="s", n=waiting.n, method=longest)
    yield from _spread(name, "handling_time", figures.handling, HANDLING)
    yield from _spread(name, "decision_time", figures.decisions, DECIDING)
    if process is not None and (minutes := catalogue_min(process.time_saved)):
        yield Row(process=name, figure="catalogue_time", value=minutes, unit="min/year", n=0, method=CATALOGUE)
    for each in figures.amounts:
        yield Row(
            process=name,
            figure=each.kind,
            detail=each.measure,
            value=each.quantity,
            unit=each.unit,
            n=each.items,
            method=each.method,
        )


_SUCCESS = f"done / (done + rejected + failed); {COUNTED}"


def _count(process: str, figure: str, number: int, n: int, detail: str = "") -> Row:
    return Row(process=process, figure=figure, detail=detail, value=number, unit="cases", n=n, method=COUNTED)


def _spread(process: str, figure: str, spread: Spread, method: str) -> Iterator[Row]:
    for detail, value in (("median", spread.median_s), ("p95", spread.p95_s)):
        yield Row(process=process, figure=figure, detail=detail, value=value, unit="s", n=spread.n, method=method)


def _process(figures: Figures, process: Process[Any, Any] | None) -> dict[str, Any]:
    told = asdict(figures) | {
        "success": figures.success,
        "saved_min": figures.saved_min,
        "decided_min": figures.decided_min,
    }
    told["waiting"]["method"], told["handling"]["method"], told["decisions"]["method"] = "until now", HANDLING, DECIDING
    if process is not None:
        saved = process.time_saved
        told["title"] = dict(process.title)
        told["time_saved"] = {
            "timeSpendPerOccurance": saved.time_spend_per_occurance_min,
            "decision_min": saved.decision_min,
            "timeSpendOccurancesPerEmployee": saved.time_spend_occurances_per_employee,
            "timeSpendEmployeesDoingProcess": saved.time_spend_employees_doing_process,
            "catalogue_min_per_year": catalogue_min(saved) or None,
            "method": CATALOGUE,
        }
    return told
