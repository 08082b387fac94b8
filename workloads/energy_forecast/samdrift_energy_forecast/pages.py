"""Pages of the facility manager: the buildings, and each building's plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.exports import to_csv, to_ical
from samdrift_energy_forecast.plan_document import Plan
from samdrift_energy_forecast.reasons import Language
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.plot import Plot, Series, Style
from samdrift_platform.portal.shell import Shell, current_shell

#: Plans on one page.
PAGE = 50
#: Files of a plan, made when they are asked for: how, and the media type.
FILES = {"plan.csv": (to_csv, "text/csv; charset=utf-8"), "plan.ics": (to_ical, "text/calendar; charset=utf-8")}

SignedIn = Annotated[Shell, Depends(current_shell)]
Offset = Annotated[int, Query(ge=0)]


@dataclass(frozen=True, kw_only=True)
class PlannedHour:
    """One hour as the page's table shows it; heat in kWh, temperatures in C; None where nothing was forecast."""

    begins: datetime
    set_point_c: float
    setback_c: float | None
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
    item = shell.item(item_id)
    view = plan_view(item, _language(shell), made_plan(shell, item))
    return shell.page("energy_forecast/plan.html", plan=view)


def plan_file(shell: SignedIn, item_id: UUID, name: str) -> Response:
    """The plan as a file."""
    made = made_plan(shell, shell.item(item_id))
    if name not in FILES or made is None:
        raise NotFoundError(f"This plan has no file {name}. It has them once it is made.")
    render, media_type = FILES[name]
    return Response(render(made, made.building.language), media_type=media_type, headers=_as_download(name))


def made_plan(shell: Shell, item: WorkItem) -> Plan | None:
    """The plan of an item; None until it is made."""
    reference = item.result.get("plan")
    return None if reference is None else Plan.from_json(shell.object(reference))


def plan_view(item: WorkItem, language: Language, made: Plan | None = None) -> PlanView:
    """Read an item of this workload, whatever its state; its hours only where its plan is given."""
    return PlanView(
        item=item,
        building=item.payload["building"]["name"],
        issue_time=datetime.fromisoformat(item.payload["issue_time"]),
        summary=item.result.get("summary", {}),
        safe_state=(item.result.get("safe_state") or {}).get(language, ""),
        hours=() if made is None else tuple(_hour(made, k, language) for k in range(made.horizon_h)),
    )


def _hour(plan: Plan, k: int, language: Language) -> PlannedHour:
    begins = plan.hours[k]
    entry = plan.entry_at(begins)
    return PlannedHour(
        begins=begins,
        set_point_c=entry.set_point_c,
        setback_c=plan.values("setback_c")[k],
        outdoor_c=plan.values("outdoor_c")[k],
        setback_kwh=plan.values("setback_kwh")[k],
        low_kwh=plan.values("setback_kwh_q10")[k],
        high_kwh=plan.values("setback_kwh_q90")[k],
        planned_kwh=plan.values("planned_kwh")[k],
        reason=entry.text(language),
    )


def _language(shell: Shell) -> Language:
    return "da" if shell.language == "da" else "en"


def _as_download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
