"""The workload's API, below `/energy_forecast/api`: buildings, readings, school holidays, plans.

Whoever is signed in may read; what changes something takes the right to bring work. Errors are problems (RFC 9457).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter


def router() -> APIRouter:
    """All its addresses, to be put below `/energy_forecast`."""
    from fastapi import APIRouter

    from samdrift_energy_forecast.api import buildings, plans, readings, school_holidays

    api = APIRouter(prefix="/api")
    api.include_router(buildings.router())
    api.include_router(readings.router())
    api.include_router(school_holidays.router())
    api.include_router(plans.router())
    return api
