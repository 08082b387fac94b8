"""The control plane's process: one HTTP server that tells the ledger every few seconds that it is here."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import structlog
import uvicorn

from samdrift_platform.control.app import create_app
from samdrift_platform.errors import UnavailableError
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import Settings

#: Seconds between two reports, and between the first ones until the server answers.
REPORT_S, STARTING_S = 5.0, 0.05
#: Seconds that running requests have to end.
GRACE_S = 5

log = structlog.get_logger(__name__)


def serve(settings: Settings, ledger: Ledger) -> None:
    """Answer until SIGTERM or SIGINT. While it runs, `<home>/url` says where."""
    server = uvicorn.Server(_config(settings, ledger))
    stopping = threading.Event()
    reporter = threading.Thread(target=_report, args=(server, ledger, stopping), name="reporter")
    settings.home.mkdir(parents=True, exist_ok=True)
    address = settings.home / "url"
    reporter.start()
    try:
        address.write_text(settings.url)
        server.run()
    finally:
        address.unlink(missing_ok=True)
        stopping.set()
        reporter.join()


def _config(settings: Settings, ledger: Ledger) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings, ledger=ledger),
        host=settings.host,
        port=settings.port,
        log_config=None,  # ours stands
        access_log=False,  # addresses hold one-time links
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _report(server: uvicorn.Server, ledger: Ledger, stopping: threading.Event) -> None:
    while not stopping.wait(REPORT_S if _said(server, ledger) else STARTING_S):
        pass


def _said(server: uvicorn.Server, ledger: Ledger) -> bool:
    """Report once; whether the server answers already and the ledger knows it."""
    if not server.started:
        return False
    try:
        with ledger.write() as connection:
            processes.report(connection, "control", ready=True, detail={}, now=datetime.now(UTC))
    except UnavailableError as error:
        log.warning("could not report", why=error.message)
    return True
