"""The control plane's application, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from samdrift_platform import plugins
from samdrift_platform.contract import Workload
from samdrift_platform.control import (
    acts,
    alarms,
    audit,
    benefits,
    documents,
    health,
    history,
    inbox,
    items,
    lanes,
    models,
    objections,
    objects,
    openapi,
    people,
    policies,
    problems,
    processes,
    replays,
    sign_in,
    stops,
    submissions,
    truths,
    workloads,
)
from samdrift_platform.control.access import current_user
from samdrift_platform.control.body_limit import BodyLimit
from samdrift_platform.control.permissions import Appointments, permitted
from samdrift_platform.control.unexpected import UnexpectedErrors
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.portal.mount import mount
from samdrift_platform.settings import Settings

_DESCRIPTION = "Submit work to any workload, follow it, govern the models that decide, and see the evidence."
#: Nouns below /v1, in the order of the document.
_ROUTERS = (
    workloads.router,
    stops.router,
    lanes.router,
    objects.router,
    submissions.router,
    items.router,
    inbox.router,
    truths.router,
    objections.router,
    models.router,
    acts.router,
    history.router,
    documents.router,
    policies.router,
    people.router,
    alarms.router,
    benefits.router,
    audit.router,
    replays.router,
    processes.router,
    sign_in.links,
)


def create_app(
    settings: Settings,
    *,
    workloads: Mapping[str, Workload] | None = None,
    ledger: Ledger | None = None,
    store: ObjectStore | None = None,
) -> FastAPI:
    """The application for `settings`; parts that are not given are opened as the settings say (`furnish`)."""
    app = FastAPI(
        title="Samdrift",
        version=version("samdrift"),
        description=_DESCRIPTION,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
    )
    furnish(app, settings, workloads=workloads, ledger=ledger, store=store)
    problems.install(app)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(BodyLimit, max_body_mib=settings.max_body_mib)
    app.include_router(_api())
    app.include_router(health.router)
    app.include_router(sign_in.sessions)
    mount(app)
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign] # FastAPI's documented way to extend it
    return app


def furnish(
    app: FastAPI,
    settings: Settings,
    *,
    workloads: Mapping[str, Workload] | None = None,
    ledger: Ledger | None = None,
    store: ObjectStore | None = None,
) -> None:
    """Put into `app.state` what the routes work with.

    That is `settings`, `ledger`, `store`, `workloads` (name -> Workload), `governance` and `appointments`.
    """
    app.state.settings = settings
    app.state.ledger = ledger or Ledger(settings.ledger_url)
    app.state.store = store or ObjectStore(settings.objects_url)
    app.state.workloads = dict(_hosted(settings) if workloads is None else workloads)
    app.state.governance = Governance(app.state.ledger, settings.home)
    app.state.appointments = Appointments(app.state.ledger, app.state.governance)


def _api() -> APIRouter:
    api = APIRouter(prefix="/v1", dependencies=[Depends(current_user), Depends(permitted)])
    for router in _ROUTERS:
        api.include_router(router)
    return api


def _hosted(settings: Settings) -> dict[str, Workload]:
    return plugins.workloads(plugins.workload_names(settings.workloads))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {}
    app.state.ledger.close()
