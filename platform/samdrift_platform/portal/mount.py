"""Puts the portal on the control plane's application: pages, files, and each workload's own pages."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from samdrift_platform.control.permissions import may_change
from samdrift_platform.portal import entrance, governing, inbox, inspecting, models, pages
from samdrift_platform.portal.folders import PORTAL, PageFolder, page_folders
from samdrift_platform.portal.reading import LedgerReading, Reading
from samdrift_platform.portal.security import SecurityHeaders
from samdrift_platform.portal.shell import current_shell
from samdrift_platform.portal.templating import Templates

#: Where `platform/assets.py` puts the design system, htmx and uPlot.
VENDOR = PORTAL.static / "vendor"
FETCH_ASSETS = "python platform/assets.py"


log = structlog.get_logger(__name__)


def mount(app: FastAPI, *, reading: Reading | None = None) -> None:
    """Add the portal to `app`, whose state already holds `ledger`, `governance`, `store` and `workloads` (by name).

    Pages read from `reading`, by default the ledger. Everything that a workload's router answers is for who is signed
    in, whether its functions ask for the shell or not; who only audits changes nothing there. Sets in the state:
    `reading`, `templates`, `problem_page`, `assets_missing` and `workloads_with_pages`.
    """
    folders = page_folders(app.state.workloads.values())
    app.state.reading = reading or LedgerReading(app.state.ledger, app.state.governance)
    app.state.templates = Templates(folders)
    app.state.problem_page = entrance.problem_page
    app.add_middleware(SecurityHeaders)
    _mount_files(app, folders)
    app.include_router(entrance.router)
    for router in (pages.router, inbox.router, models.router, inspecting.router, governing.router):
        app.include_router(router)
    own = {name: workload.routes() for name, workload in app.state.workloads.items()}
    app.state.workloads_with_pages = [name for name, router in own.items() if router is not None]
    guards = [Depends(current_shell), Depends(may_change)]
    for name, pages_of_workload in own.items():
        if pages_of_workload is not None:
            app.include_router(pages_of_workload, prefix=f"/{name}", tags=[name], dependencies=guards)


def _mount_files(app: FastAPI, folders: Sequence[PageFolder]) -> None:
    app.state.assets_missing = not VENDOR.is_dir()
    if app.state.assets_missing:
        log.warning("style and scripts of the portal are missing", folder=str(VENDOR), remedy=FETCH_ASSETS)
    for folder in folders:
        if folder.static.is_dir():
            app.mount(f"/static/{folder.name}", StaticFiles(directory=folder.static), name=f"static-{folder.name}")
