"""Puts the portal on the control plane's application: pages, files, and each workload's own pages."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from samdrift_platform.portal import pages
from samdrift_platform.portal.folders import PORTAL, page_folders
from samdrift_platform.portal.security import SecurityHeaders
from samdrift_platform.portal.templating import Templates

#: Where `platform/assets.py` puts the design system, htmx and uPlot.
VENDOR = PORTAL.static / "vendor"


def mount(app: FastAPI) -> None:
    """Add the portal to `app`, whose state already holds `ledger`, `store` and `workloads` (name -> Workload).

    Sets `app.state.templates`, `app.state.workloads_with_pages` and `app.state.assets_missing`.
    """
    workloads = app.state.workloads
    folders = page_folders(workloads.values())
    app.state.templates = Templates(folders)
    app.state.assets_missing = not VENDOR.is_dir()
    app.add_middleware(SecurityHeaders)
    for folder in folders:
        if folder.static.is_dir():
            app.mount(f"/static/{folder.name}", StaticFiles(directory=folder.static), name=f"static-{folder.name}")
    app.include_router(pages.router)
    routers = {name: workload.routes() for name, workload in workloads.items()}
    app.state.workloads_with_pages = [name for name, router in routers.items() if router is not None]
    for name, router in routers.items():
        if router is not None:
            app.include_router(router, prefix=f"/{name}", tags=[name])


def warning_about_assets() -> str | None:
    """What to say at start when the files that pages load are not there; None when all is well."""
    if VENDOR.is_dir():
        return None
    return f"The portal's style and scripts are missing ({VENDOR}). Run `python platform/assets.py` to fetch them."
