from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from samdrift_platform.portal.plot import Plot, Series, Style
from samdrift_platform.portal.shell import Shell, current_shell

router = APIRouter()

#: The end of summer time 2026 lies inside: 25 October, 03:00 becomes 02:00.
TIMES = [datetime(2026, 10, 24, 12, tzinfo=UTC) + timedelta(hours=hour) for hour in range(48)]
LOWER = [10.0 + hour % 7 for hour in range(48)]
UPPER = [16.0 + hour % 7 for hour in range(48)]
PRESSURE = [None if hour in (5, 6) else 3.0 + 0.05 * hour for hour in range(48)]


@router.get("/", response_class=HTMLResponse)
def readings(shell: Annotated[Shell, Depends(current_shell)]) -> HTMLResponse:
    figure = Plot(
        id="flow",
        title="Flow and pressure",
        times=TIMES,
        series=[
            Series(label="Flow, low", unit="m³/h", values=LOWER, style=Style.LOWER),
            Series(label="Flow, high", unit="m³/h", values=UPPER, style=Style.UPPER),
            Series(label="Pressure", unit="bar", values=PRESSURE, style=Style.STEPS, digits=2),
        ],
    )
    return shell.page("water/readings.html", items=shell.items(), figure=figure)


@router.get("/broken")
def broken() -> None:
    raise RuntimeError("0101700000 must not be shown")


@router.get("/unguarded")
def unguarded() -> dict[str, str]:
    """Asks for no shell, and must be for signed-in people all the same."""
    return {"secret": "flow"}


@router.post("/turn")
def turn() -> dict[str, str]:
    """Changes something, and must not be for auditors."""
    return {"valve": "turned"}
