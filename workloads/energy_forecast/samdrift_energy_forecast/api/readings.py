"""The live adapter: gateways push readings, as JSON or CSV, and are told what became of each.

What is answered with `stored`, `repeated` or `conflicting` is on disk. Sending the same again stores nothing twice, so
a gateway that got no answer sends again.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.metering.pushed_readings import MOST_ROWS, Row, could_be_id, read_csv, read_json
from samdrift_energy_forecast.metering.reading_store import Reading
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.dependencies import Body, TheLedger
from samdrift_platform.errors import BodyTooLargeError
from samdrift_platform.ledger.database import Ledger

LARGEST_BODY_BYTES = 16 * 1024 * 1024
CSV = "text/csv"
#: RFC 4918: some were taken, some were not.
MULTI_STATUS, ACCEPTED, UNPROCESSABLE = 207, 202, 422
REFUSED = "refused"

Building = Annotated[str, Query(max_length=64, description="Of a CSV table that has no column `building`.")]

_EXAMPLE = {
    "readings": [
        {"building": "school-1", "series": "heat", "stamp": "2026-02-01T08:00:00+01:00", "value": 12.4},
        {"building": "school-1", "series": "indoor", "stamp": "2026-02-01T08:00:00+01:00", "value": 20.9},
    ]
}


def router() -> APIRouter:
    """The one address."""
    routes = APIRouter()
    routes.add_api_route(
        "/readings",
        push,
        methods=["POST"],
        status_code=ACCEPTED,
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"example": _EXAMPLE}, CSV: {}}}
        },
    )
    return routes


def push(request: Request, user: SignedIn, ledger: TheLedger, body: Body, building: Building = "") -> JSONResponse:
    """Take readings; 202 when all are kept, 207 when some were refused, 422 when all were.

    `verdicts` has one word a row, in order: stored, repeated, conflicting or refused; `refused` says why.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise BodyTooLargeError(
            f"The body has {len(body)} bytes; at most {LARGEST_BODY_BYTES} and {MOST_ROWS} rows are taken. Send parts."
        )
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    rows = read_csv(body, building) if media_type == CSV else read_json(body)
    told = _kept(ledger, rows, source=f"push:{user.subject}", now=datetime.now(UTC))
    return JSONResponse(_answer(rows, told), _status(told))


def _kept(ledger: Ledger, rows: list[Row], *, source: str, now: datetime) -> list[str]:
    """What became of each row; a refusal begins with the word and a colon."""
    with ledger.read() as connection:
        known = register.known(connection, sorted({row.building for row in rows if could_be_id(row.building)}))
    judged = [row.judged(known.get(row.building), now=now) for row in rows]
    new = [found for found in judged if isinstance(found, Reading)]
    with ledger.write() as connection:
        kept = iter(reading_store.append(connection, new, source=source, now=now))
    return [str(next(kept)) if isinstance(found, Reading) else f"{REFUSED}:{found}" for found in judged]


def _answer(rows: list[Row], told: list[str]) -> dict[str, Any]:
    verdicts = [verdict.partition(":")[0] for verdict in told]
    refused = [
        {"row": row.number, "reason": verdict.partition(":")[2]}
        for row, verdict in zip(rows, told, strict=True)
        if verdict.startswith(REFUSED)
    ]
    return {"counts": dict(Counter(verdicts)), "refused": refused, "verdicts": verdicts}


def _status(told: list[str]) -> int:
    refused = sum(verdict.startswith(REFUSED) for verdict in told)
    if not refused:
        return ACCEPTED
    return MULTI_STATUS if refused < len(told) else UNPROCESSABLE
