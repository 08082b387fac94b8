"""`samdrift energy override`: a set-point by hand in place of a plan's, with a reason, until a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json
from samdrift_platform.errors import InputError


def override(
    building: Annotated[str, typer.Argument(help="The building's id.", show_default=False)],
    set_point_c: Annotated[
        float | None, typer.Argument(help="The set-point in C. Without it, say what holds.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the plan's files and messages.")] = "",
    hours: Annotated[float | None, typer.Option(help="Hours from now until it expires.")] = None,
    until: Annotated[
        str | None,
        typer.Option(help="When it expires, with an offset: 2026-01-26T20:00+01:00. Else with the plan's next entry."),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Let the plan decide again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set a building by hand, see what is set, or let its plan decide again.

    Acts as the bearer of the token, whose name it keeps: say who you are with SAMDRIFT_TOKEN_FILE.
    """
    path = f"/energy_forecast/api/plans/{quote(building, safe='')}/override"
    with connect() as client:
        if end:
            found: Mapping[str, Any] = client.call("DELETE", path)
        elif set_point_c is not None:
            body = {"set_point_c": set_point_c, "expires": _expires(hours, until), "reason": reason}
            found = client.call("PUT", path, json=body)
        else:
            found = client.call("GET", path)
    _show(found, as_json=as_json)


def _expires(hours: float | None, until: str | None) -> str | None:
    if hours is not None and until is not None:
        raise InputError("Give --hours or --until, not both.", field="until")
    if hours is not None:
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    return None if until is None else _instant(until)


def _instant(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no time such as 2026-01-26T20:00+01:00.", field="until") from error
    if found.tzinfo is None:
        raise InputError(
            f"{text} could be of any time zone. Add the offset, such as {text}+01:00 for Danish winter time.",
            field="until",
        )
    return found.isoformat()


def _show(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    elif found["override"] is None:
        say(f"The plan of {found['building']} decides.")
    else:
        show_fields(found["override"])
