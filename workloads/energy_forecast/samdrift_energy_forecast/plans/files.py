"""A plan as the answer to a request for one of its files."""

from __future__ import annotations

from fastapi import Response

from samdrift_energy_forecast.delivery.message import file_name
from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.plans.document import Plan
from samdrift_platform.errors import NotFoundError


def as_file(plan: Plan, suffix: str, *, inline: bool = False) -> Response:
    """The file of a kind, to be kept under a name that says its version, or `inline` for a program.

    Raises:
        NotFoundError: there is no such kind.
    """
    if suffix not in KINDS:
        raise NotFoundError(f"A plan is no .{suffix} file. There are: {', '.join(KINDS)}.")
    kind = KINDS[suffix]
    disposition = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": f'{disposition}; filename="{file_name(plan, suffix)}"',
        "Content-Language": plan.building.language,
        "ETag": etag(plan),
    }
    return Response(kind.render(plan, plan.building.language), media_type=kind.media_type, headers=headers)


def etag(plan: Plan) -> str:
    """The plan's version as an entity tag (RFC 9110, section 8.8.3)."""
    return f'"{plan.version}"'
