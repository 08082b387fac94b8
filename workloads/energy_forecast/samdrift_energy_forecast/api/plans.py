"""Plans over HTTP, for controllers and programs: the plan that holds as a file, a set-point by hand, a plan now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.pages.asking import now
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.current import current_plan, plan_that_holds
from samdrift_energy_forecast.plans.files import as_file, etag
from samdrift_energy_forecast.plans.overrides import ManualOverride
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.dependencies import Body, TheLedger, TheSettings, TheStore
from samdrift_platform.control.json_body import JsonBody

Identifier = Annotated[str, Path(max_length=64, description="The building's id.")]
Suffix = Annotated[str, Path(description=f"One of {', '.join(KINDS)}.")]
Known = Annotated[str | None, Header(alias="If-None-Match", description="The ETag of the plan that you have.")]
Now = Annotated[datetime, Depends(now)]

_EXAMPLE = {"set_point_c": 21.5, "expires": "2026-01-26T20:00:00+01:00", "reason": "parents' evening"}


class SetByHand(JsonBody):
    """A set-point in place of the plan's."""

    set_point_c: float
    expires: AwareDatetime | None = None
    """Rounded up to a quarter of an hour. null: when the plan's next entry begins."""
    reason: Annotated[str, Field(max_length=2000)]


def router() -> APIRouter:
    """The addresses of plans."""
    routes = APIRouter()
    override = "/plans/{building}/override"
    routes.add_api_route(
        "/plan.schema.json", schema, methods=["GET"], responses={200: {"content": {"application/schema+json": {}}}}
    )
    routes.add_api_route("/plans/{building}/current", current, methods=["GET"], responses=_files("application/json"))
    kinds = _files(*(kind.media_type.partition(";")[0] for kind in KINDS.values()))
    routes.add_api_route("/plans/{building}/current.{suffix}", current_as, methods=["GET"], responses=kinds)
    routes.add_api_route("/plans/{building}/now", plan_now, methods=["POST"], status_code=202)
    routes.add_api_route(override, held, methods=["GET"])
    routes.add_api_route(override, put, methods=["PUT"], openapi_extra=SetByHand.described(_EXAMPLE))
    routes.add_api_route(override, take_back, methods=["DELETE"])
    return routes


def _files(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Answers that are files, for the description of the API."""
    content = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {
        200: {"content": content, "description": "The file; its ETag is the version of the plan in it."},
        304: {"description": "The sender has it already."},
    }


def schema() -> Response:
    """The JSON schema of a plan."""
    text = (files("samdrift_energy_forecast") / "exports" / "plan.schema.json").read_bytes()
    return Response(text, media_type="application/schema+json")


def current(building: Identifier, ledger: TheLedger, store: TheStore, at: Now, known: Known = None) -> Response:
    """The plan that holds, as JSON, with a set-point by hand on top; 304 when the sender has it already."""
    return current_as(building, "json", ledger, store, at, known)


def current_as(
    building: Identifier, suffix: Suffix, ledger: TheLedger, store: TheStore, at: Now, known: Known = None
) -> Response:
    """The same as a file of a kind; its ETag is the version of the plan that is in it."""
    plan = plan_that_holds(ledger, store, building, now=at)
    if suffix in KINDS and known is not None and etag(plan) in (each.strip() for each in known.split(",")):
        return Response(status_code=304, headers={"ETag": etag(plan)})
    return as_file(plan, suffix, inline=True)


def plan_now(
    building: Identifier, user: SignedIn, ledger: TheLedger, store: TheStore, settings: TheSettings, at: Now
) -> Mapping[str, Any]:
    """Order a plan from the running hour on; the answer says which item makes it, and what was lacking."""
    from samdrift_energy_forecast.ordering.making import OrderDesk

    desk = OrderDesk(ledger=ledger, store=store, tenant=settings.tenant, ordered_by=user.subject)
    order = desk.plan_now(building, now=at)
    return {"item": str(order.item_id), "reference": order.reference, "lacks": list(order.lacks)}


def held(building: Identifier, ledger: TheLedger, store: TheStore, at: Now) -> Mapping[str, Any]:
    """The set-point by hand that holds now; `override` is null when the plan decides."""
    override = current_plan(ledger, store, building, now=at).override
    return {"building": building, "override": None} if override is None else _answer(override)


def put(
    building: Identifier, user: SignedIn, ledger: TheLedger, store: TheStore, at: Now, body: Body
) -> Mapping[str, Any]:
    """Let a set-point hold in place of the plan's from now on; what was set before is taken back."""
    asked = SetByHand.read(body)
    found = current_plan(ledger, store, building, now=at)
    expires = asked.expires or overrides.until_next_entry(found.made, at)
    with ledger.write() as connection:
        made = overrides.put(
            connection,
            building,
            set_point_c=asked.set_point_c,
            expires=expires,
            reason=asked.reason,
            by=user.subject,
            now=at,
        )
    return _answer(made)


def take_back(building: Identifier, user: SignedIn, ledger: TheLedger, at: Now) -> JSONResponse:
    """Let the plan decide again; 404 when it does already."""
    with ledger.write() as connection:
        overrides.take_back(connection, building, by=user.subject, now=at)
    return JSONResponse({"building": building, "override": None})


def _answer(override: ManualOverride) -> Mapping[str, Any]:
    return {
        "building": override.building,
        "override": {
            "set_point_c": override.set_point_c,
            "begins": override.begins.isoformat(),
            "expires": override.expires.isoformat(),
            "reason": override.reason,
            "set_by": override.set_by,
        },
    }
