"""The workload's pages: buildings with those that need a look first, a building's plan as it holds, earlier plans."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from samdrift_energy_forecast.pages import account, acting, building, buildings, plan, quality


def router() -> APIRouter:
    """The pages below `/energy_forecast`."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/", buildings.buildings, response_class=HTMLResponse)
    pages.add_api_route("/account", account.account, response_class=HTMLResponse)
    pages.add_api_route("/account.csv", account.account_file)
    pages.add_api_route("/account/{item_id}", account.account_of, response_class=HTMLResponse)
    pages.add_api_route("/buildings/{building}", building.building, response_class=HTMLResponse)
    pages.add_api_route("/buildings/{building}/override", acting.set_override, methods=["POST"])
    pages.add_api_route("/buildings/{building}/override/end", acting.end_override, methods=["POST"])
    pages.add_api_route("/buildings/{building}/plan-now", acting.plan_now, methods=["POST"])
    pages.add_api_route("/buildings/{building}/current.{suffix}", building.current_file)
    pages.add_api_route("/plans/{item_id}", plan.plan, response_class=HTMLResponse)
    pages.add_api_route("/plans/{item_id}/plan.{suffix}", plan.plan_file)
    pages.add_api_route("/plans/{item_id}/message", acting.settle_message, methods=["POST"])
    pages.add_api_route("/quality/{item_id}", quality.quality, response_class=HTMLResponse)
    return pages
