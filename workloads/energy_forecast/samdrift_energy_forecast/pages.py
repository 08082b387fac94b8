"""Pages of the facility manager: the buildings, and each building's plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.reasons import Language, Reason
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.plot import Plot, Series, Style
from samdrift_platform.portal.shell import Shell, current_shell

#: Plans on one page.
PAGE = 50
#: Files of a plan: the name in `exports`, and the media type.
FILES = {"plan.csv": ("csv", "text/csv; charset=utf-8"), "plan.ics": ("ical", "text/calendar; charset=utf-8")}

SignedIn = Annotated[Shell, Depends(current_shell)]
Offset = Annotated[int, Query(ge=0)]


@dataclass(frozen=True, kw_only=True)
class PlannedHour:
    """One hour as the page's table shows it; heat in kWh, temperatures in C; None where nothing was forecast."""

    begins: datetime
    set_point_c: float
    setback_c: float
    outdoor_c: float | None
    setback_kwh: float | None
    low_kwh: float | None
    high_kwh: float | None
    planned_kwh: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A work item as a plan; `hours` is empty until it is made."""

    item: WorkItem
    building: str
    issue_time: datetime
    summary: Mapping[str, Any]
    #: Why the fixed setback plan stays, in the reader's language; empty when there is a plan.
    safe_state: str
    hours: tuple[PlannedHour, ...]

    @property
    def is_made(self) -> bool:
        """Whether there is something to show."""
        return bool(self.hours)

    @property
    def ends(self) -> datetime:
        """End of the last hour."""
        return self.hours[-1].begins + timedelta(hours=1)

    def figure(
        self, *, title: str, set_point: str, setback: str, outdoor: str, low: str, high: str, planned: str
    ) -> Plot:
        """The plan as a plot; the texts are in the reader's language."""
        return Plot(
            id="plan-plot",
            title=title,
            times=[hour.begins for hour in self.hours],
            series=[
                Series(label=set_point, unit="°C", values=[h.set_point_c for h in self.hours], style=Style.STEPS),
                Series(label=setback, unit="°C", values=[h.setback_c for h in self.hours], style=Style.STEPS),
                Series(label=outdoor, unit="°C", values=[h.outdoor_c for h in self.hours]),
                Series(label=low, unit="kWh", values=[h.low_kwh for h in self.hours], style=Style.LOWER, digits=0),
                Series(label=high, unit="kWh", values=[h.high_kwh for h in self.hours], style=Style.UPPER, digits=0),
                Series(label=planned, unit="kWh", values=[h.planned_kwh for h in self.hours], digits=0),
            ],
        )


def router() -> APIRouter:
    """The pages below `/energy_forecast`."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    pages.add_api_route("/", buildings)
    pages.add_api_route("/plans/{item_id}", plan)
    pages.add_api_route("/plans/{item_id}/{name}", plan_file)
    return pages


def buildings(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """Every plan asked for, newest first."""
    found = shell.items(limit=PAGE + 1, offset=offset)
    return shell.page(
        "energy_forecast/buildings.html",
        plans=[plan_view(item, _language(shell)) for item in found[:PAGE]],
        newer=max(offset - PAGE, 0) if offset else None,
        older=offset + PAGE if len(found) > PAGE else None,
    )


def plan(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One building's plan: what to set, why, and what it is meant to save."""
    return shell.page("energy_forecast/plan.html", plan=plan_view(shell.item(item_id), _language(shell)))


def plan_file(shell: SignedIn, item_id: UUID, name: str) -> Response:
    """The plan as a file."""
    exports = shell.item(item_id).result.get("exports", {})
    if name not in FILES or FILES[name][0] not in exports:
        raise NotFoundError(f"This plan has no file {name}. It has them once it is made.")
    export, media_type = FILES[name]
    return Response(shell.object(exports[export]), media_type=media_type, headers=_as_download(name))


def plan_view(item: WorkItem, language: Language) -> PlanView:
    """Read an item of this workload, whatever its state."""
    building = item.payload["building"]
    return PlanView(
        item=item,
        building=building["name"],
        issue_time=datetime.fromisoformat(item.payload["issue_time"]),
        summary=item.result.get("summary", {}),
        safe_state=(item.result.get("safe_state") or {}).get(language, ""),
        hours=tuple(_hour(hour, language) for hour in item.result.get("hours", ())),
    )


def _hour(hour: Mapping[str, Any], language: Language) -> PlannedHour:
    return PlannedHour(
        begins=datetime.fromisoformat(hour["begins"]),
        set_point_c=hour["set_point_c"],
        setback_c=hour["setback_c"],
        outdoor_c=hour["outdoor_c"],
        setback_kwh=hour["setback_kwh"],
        low_kwh=hour["setback_kwh_q10"],
        high_kwh=hour["setback_kwh_q90"],
        planned_kwh=hour["planned_kwh"],
        reason=Reason(hour["reason"]).text(language),
    )


def _language(shell: Shell) -> Language:
    return "da" if shell.language == "da" else "en"


def _as_download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
