"""Finds the workloads that are installed, by entry point: the platform knows none of them by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from samdrift_platform import overdue
from samdrift_platform.contract import ModelUse, Workload
from samdrift_platform.demonstration import Demonstration
from samdrift_platform.errors import NotFoundError, SettingError
from samdrift_platform.nightly import RETENTION
from samdrift_platform.schedule import Schedule
from samdrift_platform.weekly import WATCH

if TYPE_CHECKING:
    from typer import Typer

    from samdrift_evaluation.report import Report

WORKLOADS = "samdrift.workloads"
SUITES = "samdrift.suites"
DEMONSTRATIONS = "samdrift.demonstrations"
COMMANDS = "samdrift.commands"
SERVICES = "samdrift.services"
SCHEDULES = "samdrift.schedules"


class Suite(Protocol):
    """Evaluates the versions of a registered model."""

    name: str

    def evaluate(self, folder: Path) -> Report: ...  # noqa: D102 - the class says it


def workload_names(chosen: str = "") -> list[str]:
    """Names of the workloads to host: `chosen` (separated by commas), or all that are installed.

    Raises:
        SettingError: a chosen workload is not installed.
    """
    installed = sorted(_points(WORKLOADS))
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
    points = _points(DEMONSTRATIONS)
    return [cast(Demonstration, points[name].load()) for name in names if name in points]


def model_uses(names: Sequence[str]) -> dict[str, ModelUse]:
    """Registered model -> the suite and the policy that govern it, of all models that these workloads use."""
    return {model: use for name in names for model, use in workload(name).models.items()}


def gate_policies(names: Sequence[str]) -> Iterator[bytes]:
    """The policy files that these workloads ship: `policies/<policy>-gate.yaml` in the workload's package."""
    for name in names:
        package = _point(WORKLOADS, name).module.partition(".")[0]
        for policy in sorted({use.policy for use in workload(name).models.values()}):
            file = files(package) / "policies" / f"{policy}-gate.yaml"
            if file.is_file():
                yield file.read_bytes()


def migrations() -> Iterator[tuple[str, Path]]:
    """Name and `migrations` folder of every installed workload whose package keeps tables of its own in the ledger."""
    for name in workload_names():
        package = _point(WORKLOADS, name).module.partition(".")[0]
        folder = Path(str(files(package))) / "migrations"
        if folder.is_dir():
            yield name, folder


def command_names() -> list[str]:
    """Names of the workloads that bring commands of their own, `samdrift <name> ...`."""
    return sorted(_points(COMMANDS))


def commands(name: str) -> Typer:
    """The commands that the workload `name` brings."""
    return cast("Typer", _point(COMMANDS, name).load())


def services(names: Sequence[str]) -> dict[str, Sequence[str]]:
    """Process name -> command of what these workloads want kept running, as their settings say; often nothing."""
    points = _points(SERVICES)
    found: dict[str, Sequence[str]] = {}
    for name in names:
        if name in points:
            wanted = cast("Callable[[], Mapping[str, Sequence[str]]]", points[name].load())
            found |= wanted()
    return found


def schedules(names: Sequence[str]) -> list[Schedule]:
    """The platform's own schedules and those that these workloads bring, as their settings say."""
    points = _points(SCHEDULES)
    found = [WATCH, RETENTION, *overdue.schedules()]
    for name in names:
        if name in points:
            found += cast("Callable[[], Iterable[Schedule]]", points[name].load())()
    return found


def schedule(name: str, workloads: Sequence[str]) -> Schedule:
    """The schedule called `name`; NotFoundError lists those that there are."""
    found = {each.name: each for each in schedules(workloads)}
    if name not in found:
        raise NotFoundError(
            f"There is no schedule {name!r} here (`samdrift schedules list`). There are: {', '.join(sorted(found))}."
        )
    return found[name]


def suite(name: str) -> Suite:
    """The evaluation suite called `name`; NotFoundError lists those that are installed."""
    return cast(Suite, _point(SUITES, name, "evaluation suite").load())


def _points(group: str) -> Mapping[str, EntryPoint]:
    """Name -> what is installed in `group`."""
    return _points_along(tuple(sys.path), group)


@cache
def _points_along(path: tuple[str, ...], group: str) -> Mapping[str, EntryPoint]:
    """Looked up once: it reads about every package that is installed along `path`."""
    return {point.name: point for point in entry_points(group=group)}


def _point(group: str, name: str, what: str = "workload") -> EntryPoint:
    points = _points(group)
    if name not in points:
        raise NotFoundError(f"There is no {what} {name!r} here. Installed: {', '.join(sorted(points)) or 'none'}.")
    return points[name]
