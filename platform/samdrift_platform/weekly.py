"""The weekly watch as a Prefect flow: `python -m samdrift_platform.weekly` serves it until told to stop.

Prefect keeps the schedule and the history of runs, nothing else. When it is down, schedules pause and all other work
goes on; `samdrift watch` takes a look at any time without it.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Any

import httpx
from prefect import flow

from samdrift_platform import plugins, process
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import load
from samdrift_platform.telemetry import silence
from samdrift_platform.watch import watch

#: Monday at 04:00 UTC, before the week's first work.
CRON = "0 4 * * 1"


@flow(name="watch", retries=2, retry_delay_seconds=600, log_prints=False)
def weekly_watch() -> list[dict[str, Any]]:
    """One look at everything that serves; what it said, for Prefect's own history."""
    settings = load()
    ledger = Ledger(settings.ledger_url)
    try:
        workloads = plugins.workloads(plugins.workload_names(settings.workloads))
        looks = watch(ledger, Governance(ledger, settings.home), settings.home, workloads, now=datetime.now(UTC))
    finally:
        ledger.close()
    return [{"said": str(look), "alarm": look.alarm} for look in looks]


def await_server(url: str, *, pause_s: float = 0.5) -> None:
    """Return when the Prefect server at `url` is ready. It starts beside us and needs some seconds."""
    with httpx.Client(timeout=5) as client:
        while not _ready(client, url):
            time.sleep(pause_s)


def _ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/health").is_success
    except httpx.TransportError:  # not listening yet, or starting anew: ask again
        return False


def main() -> None:
    """Serve the flow on its schedule; needs `PREFECT_API_URL`, which the supervisor sets."""
    silence()
    process.configure_logs("schedules")
    await_server(os.environ["PREFECT_API_URL"])
    weekly_watch.serve(name="weekly", cron=CRON, pause_on_shutdown=False, print_starting_message=False)


if __name__ == "__main__":
    main()
