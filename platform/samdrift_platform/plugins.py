"""Finds the workloads that are installed, by entry point: the platform knows none of them by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from samdrift_platform.contract import Workload
from samdrift_platform.demonstration import Demonstration
from samdrift_platform.errors import NotFoundError, SettingError

WORKLOADS = "samdrift.workloads"
DEMONSTRATIONS = "samdrift.demonstrations"


def workload_names(chosen: str = "") -> list[str]:
    """Names of the workloads to host: `chosen` (separated by commas), or all that are installed.

    Raises:
        SettingError: a chosen workload is not installed.
    """
    installed = sorted(point.name for point in entry_points(group=WORKLOADS))
    wanted = [name.strip() for name in chosen.split(",") if name.strip()]
    if missing := sorted(set(wanted) - set(installed)):
        raise SettingError(f"Not installed: {', '.join(missing)}. Installed workloads: {', '.join(installed)}.")
    return wanted or installed


def workload(name: str) -> Workload:
    """The workload called `name`; NotFoundError lists those that are installed."""
    return cast(Workload, _point(WORKLOADS, name).load())


def workloads(names: Sequence[str]) -> dict[str, Workload]:
    """Name -> workload."""
    return {name: workload(name) for name in names}


def demonstrations(names: Sequence[str]) -> list[Demonstration]:
    """The demonstrations of these workloads, of those that have one."""
    points = {point.name: point for point in entry_points(group=DEMONSTRATIONS)}
    return [cast(Demonstration, points[name].load()) for name in names if name in points]


def _point(group: str, name: str) -> EntryPoint:
    points = {point.name: point for point in entry_points(group=group)}
    if name not in points:
        raise NotFoundError(f"There is no workload {name!r} here. Installed: {', '.join(sorted(points)) or 'none'}.")
    return points[name]
