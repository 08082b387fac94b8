"""School holidays over HTTP: read, and imported from a CSV or an iCalendar file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from samdrift_energy_forecast.building import school_holiday_store
from samdrift_energy_forecast.building.school_holidays import SchoolHoliday, read_csv, read_icalendar
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.dependencies import Body, TheLedger
from samdrift_platform.errors import BodyTooLargeError

ICALENDAR = "text/calendar"
LARGEST_BODY_BYTES = 8 * 1024 * 1024

Code = Annotated[str, Query(pattern="^(0[1-9][0-9]{2})?$", description="A municipality's four-digit code.")]
Source = Annotated[str, Query(max_length=500, description="Of an iCalendar file: where it came from.")]


def router() -> APIRouter:
    """The one address."""
    routes = APIRouter()
    routes.add_api_route("/school_holidays", held, methods=["GET"])
    routes.add_api_route("/school_holidays", put, methods=["POST"])
    return routes


def held(ledger: TheLedger, municipality: Code = "") -> dict[str, Any]:
    """Periods of one municipality, or of all."""
    with ledger.read() as connection:
        found = list(school_holiday_store.held(connection, [municipality] if municipality else None))
    return {"school_holidays": [_answer(one) for one in found]}


def put(
    request: Request, user: SignedIn, ledger: TheLedger, body: Body, municipality: Code = "", source: Source = ""
) -> dict[str, Any]:
    """Import a file: CSV, or `text/calendar` with `municipality` and `source` in the address.

    Of each municipality it replaces the periods that lie between the file's first and last day.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise BodyTooLargeError(f"The file has {len(body)} bytes; at most {LARGEST_BODY_BYTES} are taken.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    left_out: list[str] = []
    if media_type == ICALENDAR:
        holidays, left_out = read_icalendar(body, municipality=municipality, source=source)
    else:
        holidays = read_csv(body)
    with ledger.write() as connection:
        school_holiday_store.put(connection, holidays, by=user.subject, now=datetime.now(UTC))
    return {"imported": len(holidays), "left_out": left_out}


def _answer(one: SchoolHoliday) -> dict[str, str]:
    return {
        "municipality": one.municipality,
        "municipality_name": one.municipality_name,
        "name": one.name,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "source": one.source,
    }
