"""Serves every schedule through Prefect: `python -m samdrift_platform.schedules` runs until told to stop.

Prefect keeps the times and the history of runs, nothing else. When it is down, schedules pause and all other work goes
on; `samdrift schedules run NAME` does the same at any time without it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import cast

import httpx
from prefect import flow, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron

from samdrift_platform import plugins, process
from samdrift_platform.masking import clean, masked
from samdrift_platform.schedule import Schedule
from samdrift_platform.settings import load
from samdrift_platform.telemetry import silence

#: A run waits until the one before has ended: two would only look at the same work.
_ONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


@flow(name="scheduled", retries=2, retry_delay_seconds=600, log_prints=False)
def scheduled(schedule: str) -> list[str]:
    """One run of the schedule with this name; what it said, for Prefect's own history."""
    process.configure_logs(f"schedule {schedule}")  # Prefect runs it in a process of its own
    try:
        return [masked(line) for line in plugins.schedule(schedule, _names()).run()]
    except Exception as error:  # noqa: BLE001 - raised again, without what it quotes: Prefect keeps its text
        raise clean(error) from None


def await_server(url: str, *, pause_s: float = 0.5) -> None:
    """Return when the Prefect server at `url` is ready. It starts beside us and needs some seconds."""
    with httpx.Client(timeout=5) as client:
        while not _ready(client, url):
            time.sleep(pause_s)


def main() -> None:
    """Serve all schedules; needs `PREFECT_API_URL`, which the supervisor sets."""
    silence()
    process.configure_logs("schedules")
    await_server(os.environ["PREFECT_API_URL"])
    deployments = [_deployment(each) for each in plugins.schedules(_names())]
    serve(*deployments, pause_on_shutdown=False, print_starting_message=False)


def _deployment(schedule: Schedule) -> RunnerDeployment:
    made = scheduled.to_deployment(
        name=schedule.name,
        parameters={"schedule": schedule.name},
        schedules=[Cron(schedule.cron, timezone=schedule.time_zone)],
        concurrency_limit=_ONE,
    )
    return cast(RunnerDeployment, made)  # a coroutine only where the caller is one


def _names() -> Sequence[str]:
    return plugins.workload_names(load().workloads)


def _ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/health").is_success
    except httpx.TransportError:  # not listening yet, or starting anew: ask again
        return False


if __name__ == "__main__":
    main()
