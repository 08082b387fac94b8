"""What a workload may bring beside itself: commands, processes to keep running, tables of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from samdrift_platform import plugins
from samdrift_platform.cli.program import wanted
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.nightly import RETENTION
from samdrift_platform.schedule import Schedule
from samdrift_platform.settings import Settings
from samdrift_platform.supervisor import Platform
from samdrift_platform.weekly import WATCH


@pytest.mark.parametrize(
    ("arguments", "asked_for"),
    [
        ([], True),
        (["--help"], True),
        (["mammography", "score"], True),
        (["items", "--workload", "mammography"], False),
        (["status"], False),
    ],
)
def test_a_workload_s_commands_are_imported_only_when_asked_for(arguments: list[str], asked_for: bool) -> None:
    assert ("mammography" in wanted(arguments)) is asked_for


def test_services_run_beside_the_platform_s_processes(tmp_path: Path) -> None:
    assert plugins.services(["rpa"]) == {}
    (argv,) = plugins.services(plugins.workload_names()).values()
    children = {child.name: child for child in Platform(Settings(home=tmp_path)).children}
    assert children["mammography-intake"].argv == list(argv) == [sys.executable, "-m", "samdrift_mammography.intake"]


def test_a_workload_s_tables_are_made_with_the_ledger_s_and_begin_with_its_name(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.read() as connection:
        names = set(sa.inspect(connection).get_table_names())
    assert {"work_items", "alembic_version", "mammography_images", "mammography_version"} <= names
    for workload, folder in plugins.migrations():
        assert (folder / "versions").is_dir()
        assert f"{workload}_version" in names


class _Point:
    """An entry point of a workload that is not installed."""

    def __init__(self, schedules: list[Schedule]) -> None:
        self._schedules = schedules

    def load(self) -> Callable[[], list[Schedule]]:
        return lambda: self._schedules


def test_schedules_are_the_platform_s_and_those_of_the_workloads_that_are_hosted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nightly = Schedule(name="nightly", cron="0 0 * * *", run=lambda: ["done"])
    monkeypatch.setattr(plugins, "_points", lambda group: {"mine": _Point([nightly]), "other": _Point([])})
    assert plugins.schedules(["other"]) == [WATCH, RETENTION]
    assert plugins.schedules(["mine"]) == [WATCH, RETENTION, nightly]
    assert plugins.schedule("nightly", ["mine"]).run() == ["done"]
    with pytest.raises(NotFoundError, match="There are: nightly, retention, watch"):
        plugins.schedule("daily", ["mine"])
