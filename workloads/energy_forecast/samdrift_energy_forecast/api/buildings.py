"""Buildings over HTTP: listed, read, put and removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from samdrift_energy_forecast.building import register, school_holiday_store, toml_file
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.register import Change, Registered
from samdrift_energy_forecast.metering import meter_file, reading_store
from samdrift_energy_forecast.readiness.check import check
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.dependencies import Body, TheLedger, TheStore
from samdrift_platform.control.invalid_input import InvalidInputError
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.errors import BodyTooLargeError, ConflictError, InputError

if TYPE_CHECKING:
    import sqlalchemy as sa

#: Buildings of one answer.
PAGE = 1000
#: Buildings of one body.
MOST_AT_ONCE = 2000
LARGEST_BODY_BYTES = 16 * 1024 * 1024
TOML = "application/toml"
#: Readings that a building's readiness is judged on.
CHECKED = timedelta(days=400)

Identifier = Annotated[str, Path(max_length=64, description="The building's id.")]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="Most buildings in the answer.")]
After = Annotated[str, Query(max_length=64, description="Buildings whose ids follow this one.")]
Inactive = Annotated[bool, Query(description="Also those that were removed.")]

Brief = Annotated[bool, Query(description="Without descriptions: id, name, type, and who changed it.")]


class ChangedMeanwhileError(ConflictError):
    """Somebody changed this meanwhile. Read it again, change that, and send it with its new ETag."""

    status = 412


class Buildings(JsonBody):
    """Several buildings, all or none of which are written."""

    buildings: tuple[BuildingDescription, ...]


def router() -> APIRouter:
    """The addresses of buildings."""
    routes = APIRouter()
    routes.add_api_route("/building.schema.json", schema, methods=["GET"])
    routes.add_api_route("/buildings", listed, methods=["GET"])
    routes.add_api_route("/buildings", put_several, methods=["POST"], openapi_extra=_described(Buildings))
    routes.add_api_route("/buildings/{building}", shown, methods=["GET"])
    routes.add_api_route("/buildings/{building}/readiness", readiness, methods=["GET"])
    routes.add_api_route("/buildings/{building}", put, methods=["PUT"], openapi_extra=_described(BuildingDescription))
    routes.add_api_route("/buildings/{building}", remove, methods=["DELETE"])
    return routes


def schema() -> JSONResponse:
    """The JSON schema of a building's description."""
    return JSONResponse(toml_file.schema(), media_type="application/schema+json")


def listed(
    ledger: TheLedger, after: After = "", limit: Limit = PAGE, removed: Inactive = False, brief: Brief = False
) -> JSONResponse:
    """Buildings in the order of their ids; `next` is the `after` of the next page, null on the last."""
    with ledger.read() as connection:
        found = list(register.each(connection, after=after, limit=limit + 1, active_only=not removed))
    page = found[:limit]
    last = page[-1].building if len(found) > limit else None
    return JSONResponse({"buildings": [_brief(one) if brief else _answer(one) for one in page], "next": last})


def shown(building: Identifier, ledger: TheLedger, response: Response) -> dict[str, Any]:
    """One building, the newest stamp of each of its series, and who changed it when."""
    with ledger.read() as connection:
        found = register.find(connection, building)
        latest = reading_store.latest(connection, building)
        events = register.history(connection, building)
    response.headers["ETag"] = f'"{found.digest}"'
    changes = [{"at": event.at, "by": event.actor, "change": event.action.partition(".")[2]} for event in events]
    return {**_answer(found), "latest_readings": latest, "history": changes}


def readiness(building: Identifier, ledger: TheLedger, store: TheStore) -> dict[str, Any]:
    """What is there, odd and missing for plans, by its description, its readings of a year and imported holidays."""
    now = datetime.now(UTC)
    with ledger.read() as connection:
        found = register.find(connection, building).description
        code = found.calendar.school_holidays_of
        holidays = list(school_holiday_store.held(connection, [code])) if code else None
        table = reading_store.order_table(
            connection, building, first=now - CHECKED, end=now + timedelta(days=1), known_at=now, store=store
        )
    file = meter_file.parse(table, found) if table else None
    items = check(found, file=file, holidays=holidays, now=now)
    return {"building": building, "items": [item.to_json() for item in items]}


def put(building: Identifier, user: SignedIn, ledger: TheLedger, body: Body, request: Request) -> JSONResponse:
    """Add a building or replace its description, sent as JSON or, as `application/toml`, as its file.

    With `If-Match`, the `ETag` of an earlier answer, only the description that was read then is replaced.
    """
    description = _sent(building, body, request.headers.get("content-type", ""))
    with ledger.write() as connection:
        _check_is_the_one_read(connection, building, request.headers.get("if-match"))
        change = register.put(connection, [description], by=user.subject, now=datetime.now(UTC))[building]
    status = 201 if change is Change.ADDED else 200
    return JSONResponse({"building": building, "change": change}, status)


def put_several(user: SignedIn, ledger: TheLedger, body: Body) -> dict[str, Any]:
    """Add or replace up to 2,000 buildings in one transaction: all of them, or none."""
    _check_size(body)
    several = Buildings.read(body).buildings
    _check_several([one.id for one in several])
    with ledger.write() as connection:
        changes = register.put(connection, several, by=user.subject, now=datetime.now(UTC))
    counts = {change: sum(found is change for found in changes.values()) for change in Change}
    return {"changes": changes, "counts": {change: count for change, count in counts.items() if count}}


def remove(building: Identifier, user: SignedIn, ledger: TheLedger) -> dict[str, Any]:
    """Plan for a building no more. Its description and readings stay; putting it again brings it back."""
    with ledger.write() as connection:
        change = register.remove(connection, building, by=user.subject, now=datetime.now(UTC))
    return {"building": building, "change": change}


def _sent(building: str, body: bytes, media_type: str) -> BuildingDescription:
    _check_size(body)
    if media_type.partition(";")[0].strip().lower() == TOML:
        description = toml_file.parse(body, "The body")
    else:
        try:
            description = BuildingDescription.model_validate_json(body)
        except ValidationError as error:
            raise InvalidInputError.of_body(error) from error
    if description.id != building:
        raise InputError(
            f"The body describes {description.id!r} but is put as {building!r}. Make them equal.", field="id"
        )
    return description


def _check_is_the_one_read(connection: sa.Connection, building: str, tag: str | None) -> None:
    """RFC 9110 section 13.1.1."""
    if tag is None:
        return
    found = register.known(connection, [building]).get(building)
    if found is None or (tag != "*" and tag.strip('"') != found.digest):
        raise ChangedMeanwhileError(
            f"{building!r} is not as it was read. {ChangedMeanwhileError.__doc__}", field="If-Match"
        )


def _check_size(body: bytes) -> None:
    if len(body) > LARGEST_BODY_BYTES:
        raise BodyTooLargeError(f"The body has {len(body)} bytes; at most {LARGEST_BODY_BYTES} are taken. Send parts.")


def _check_several(ids: list[str]) -> None:
    if len(ids) > MOST_AT_ONCE:
        raise InputError(f"{len(ids)} buildings at once are too many; send at most {MOST_AT_ONCE}.", field="buildings")
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise InputError(f"{twice!r} stands more than once among the buildings. Send each once.", field="buildings")


def _brief(found: Registered) -> dict[str, Any]:
    return {
        "id": found.building,
        "name": found.document["name"],
        "type": found.document["type"],
        "is_active": found.is_active,
        "changed_at": found.changed_at.isoformat(),
        "changed_by": found.changed_by,
    }


def _answer(found: Registered) -> dict[str, Any]:
    return {**_brief(found), "description": found.document}


def _described(model: type[Buildings | BuildingDescription]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}
