"""The how-to "Add a building", as it stands there, against a real server."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import samdrift_energy_forecast
from samdrift_energy_forecast import settings
from samdrift_energy_forecast.building import register, toml_file
from samdrift_energy_forecast.commands import app
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.metering.series import Series
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.workload import MODEL, workload
from samdrift_platform.cli.output import fail
from samdrift_platform.contract import Context, Item
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger import items
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import load
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.governing import opened
from samdrift_testing.heated_fleet import TOWNS, enter, simulated
from samdrift_testing.heating import Heating, heating, token_of
from samdrift_testing.outside_services import running_outside

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-building.md"
SHIPPED = Path(samdrift_energy_forecast.__file__).parent / "shipped" / MODEL
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if found == kind]


def shell(folder: Path, command: str, plane: Heating) -> subprocess.CompletedProcess[str]:
    """Run with `samdrift` on the path, on the platform of the test."""
    environment = os.environ | installed(plane) | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


def installed(plane: Heating) -> dict[str, str]:
    """The environment of commands on the platform of the test."""
    return {
        "SAMDRIFT_HOME": str(plane.home),
        "SAMDRIFT_URL": plane.url,
        "SAMDRIFT_TOKEN_FILE": str(plane.home / "token"),
        "SAMDRIFT_DATABASE_URL": plane.ledger.url,
        "COLUMNS": "200",
    }


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def energy(folder: Path, command: str, plane: Heating) -> Ended:
    """Run `samdrift energy COMMAND` in this process: in one of its own the imports take longer than the work."""
    arguments, status = shlex.split(command), 0
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        for name, value in installed(plane).items():
            patch.setenv(name, value)
        try:
            app(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        except SamdriftError as error:
            fail(error, as_json="--json" in arguments)
            status = 1
    return Ended(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(autouse=True)
def _services_that_the_page_asks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with running_outside(run=datetime.now(UTC).replace(minute=0, second=0, microsecond=0)) as outside:
        monkeypatch.setenv(settings.DMI_URL.name, outside.url)
        monkeypatch.setenv(settings.EDS_URL.name, outside.url)
        yield


@pytest.fixture
def plane(sqlite_url: str, tmp_path: Path) -> Iterator[Heating]:
    (tmp_path / "home").mkdir()
    with heating(sqlite_url, tmp_path / "home") as running:
        opened(running.ledger, running.home)  # the operator is appointed, who may give the gateway its token
        (running.home / "token").write_text(running.token)
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the reader brings: a building's file, its meter's, and the tables that the page shows."""
    (tmp_path / "school.toml").write_text(toml_file.example())
    holidays, pushed, fleet = blocks("csv")
    (tmp_path / "holidays.csv").write_text(holidays)
    (tmp_path / "readings.csv").write_text(pushed)
    (tmp_path / "fleet.csv").write_text(fleet)
    last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with (tmp_path / "meter.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["stamp", "heat", "indoor_c", "coldest_room_c"])
        for k in range(28 * 24):
            stamp = last - timedelta(hours=28 * 24 - 1 - k)
            rows.writerow([stamp.isoformat(), 20 + 10 * (6 <= stamp.hour < 15) + k % 7, 20.5, 19.5])
    return tmp_path


def test_the_page_holds_from_nothing_to_an_order(plane: Heating, folder: Path) -> None:
    for command in blocks("sh"):
        ended = shell(folder, command.replace(" --wait", ""), plane)  # nobody plans here, so nobody waits for the plan
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    with plane.ledger.read() as connection:
        registered = {one.description.id: one.is_active for one in register.each(connection, active_only=False)}
        latest = reading_store.latest(connection, "school-1")
        (ordered,) = items.find(connection, workload="energy_forecast")
    assert registered == {"school-1": True, "school-2": True, "school-3": True}
    assert set(latest) == {Series.HEAT, Series.INDOOR, Series.COLDEST_ROOM}
    assert ordered.reference.startswith("school-1/")


def test_the_page_s_gateway_sends_every_file_once(plane: Heating, folder: Path) -> None:
    assert energy(folder, "building add school.toml", plane).returncode == 0
    (source,) = (one for one in blocks("python") if one.startswith("# gateway.py"))
    (folder / "gateway.py").write_text(source)
    (folder / "gateway.token").write_text(token_of(plane.ledger, "gateway-1"))
    spool = folder / "spool"
    spool.mkdir()
    (spool / "1.csv").write_text("stamp,heat\n2026-02-01T08:00:00Z,12.4\n")
    (spool / "2.csv").write_text("stamp,heat\n2026-02-01T09:00:00Z,12.4\nnever,1\n")
    away = shell(folder, f"{sys.executable} gateway.py http://127.0.0.1:9 gateway.token spool school-1", plane)
    assert away.returncode == 1
    assert "1.csv: no answer" in away.stderr
    done = shell(folder, f"{sys.executable} gateway.py {plane.url} gateway.token spool school-1", plane)
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in spool.iterdir()) == ["1.sent", "2.refused"]
    with plane.ledger.read() as connection:
        assert reading_store.latest(connection, "school-1") == {Series.HEAT: datetime(2026, 2, 1, 9, tzinfo=UTC)}


def test_the_check_says_what_is_missing_by_its_status(plane: Heating, folder: Path) -> None:
    bare = energy(folder, "building check school.toml --json", plane)
    assert bare.returncode == 1
    told = {item["what"]: item["standing"] for item in json.loads(bare.stdout)["items"]}
    assert (told["location"], told["readings"]) == ("ok", "missing")
    whole = energy(
        folder,
        "building check school.toml --readings meter.csv --school-holidays holidays.csv",
        plane,
    )
    assert whole.returncode == 0, whole.stdout
    (folder / "x.toml").write_text("id = 3\n")
    wrong = energy(folder, "building check x.toml", plane)
    assert wrong.returncode == 1
    assert "x.toml, line 1: id" in wrong.stderr


def test_a_registered_building_is_checked_with_what_the_platform_has(plane: Heating, folder: Path) -> None:
    energy(folder, "building add school.toml --readings meter.csv", plane)
    command = "building check school-1 --registered --json"
    before, _ = energy(folder, command, plane), energy(folder, "holidays import holidays.csv", plane)
    after = energy(folder, command, plane)
    standings = [
        {item["what"]: item["standing"] for item in json.loads(ended.stdout)["items"]} for ended in (before, after)
    ]
    assert (before.returncode, standings[0]["school holidays"]) == (1, "missing")
    assert (after.returncode, standings[1]["school holidays"]) == (0, "ok")
    assert (standings[1]["readings"], standings[1]["rooms"]) == ("ok", "ok")


def test_old_readings_are_archived_and_still_sent_once(plane: Heating, folder: Path) -> None:
    energy(folder, "building add school.toml", plane)
    (folder / "old.csv").write_text("stamp,heat\n2025-01-01T08:00:00Z,12.4\n2025-01-01T09:00:00Z,12.4\n")
    energy(folder, "building readings school-1 old.csv", plane)
    ended = energy(folder, "building archive --json", plane)
    assert json.loads(ended.stdout) == {"buildings": 1, "readings": 2, "changed_meanwhile": []}
    shown = json.loads(energy(folder, "building show school-1 --json", plane).stdout)
    assert datetime.fromisoformat(shown["latest_readings"]["heat"]) == datetime(2025, 1, 1, 9, tzinfo=UTC)


def test_a_fleet_with_a_fault_is_imported_whole_or_not_at_all(plane: Heating, folder: Path) -> None:
    table = (folder / "fleet.csv").read_text()
    (folder / "fleet.csv").write_text(table + "school 4,Fejl,1,55,12,\n")
    command = "building import fleet.csv --template school.toml"
    refused = energy(folder, command, plane)
    assert refused.returncode == 1
    assert "fleet.csv, row 3, id: not in the form" in refused.stdout
    with plane.ledger.read() as connection:
        assert register.count(connection) == 0
    skipped = energy(folder, f"{command} --skip-wrong --json", plane)
    assert skipped.returncode == 1
    assert json.loads(skipped.stdout)["changes"] == {"added": 2}


def test_a_described_building_gets_a_plan_of_its_own(plane: Heating, folder: Path) -> None:
    """The file, the meter file and the weather, and what the workload makes of the order."""
    issue_time = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    fleet, store = simulated(1, days=56, issue_time=issue_time), ObjectStore(load({}, home=plane.home).objects_url)
    enter(plane.ledger, store, fleet, chosen=[])  # the weather alone
    latitude, longitude = TOWNS[0]
    school = toml_file.example().replace("55.68", str(latitude)).replace("12.57", str(longitude))
    (folder / "school.toml").write_text(school)
    with (folder / "meter.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["stamp", "heat", "indoor_c", "coldest_room_c"])
        for k in range(fleet.hours):
            room = fleet.indoor_c[0, k]
            rows.writerow([fleet.stamp(k).isoformat(), round(fleet.heat_kwh[0, k], 3), room, room - 0.5])
    added = energy(folder, "building add school.toml --readings meter.csv", plane)
    assert added.returncode == 0, added.stderr
    ordered = energy(folder, "plan school-1 --json", plane)
    assert json.loads(ordered.stdout)["lacks"] == ["no_school_holidays"]
    with plane.ledger.read() as connection:
        (found,) = items.find(connection, workload=workload.name)
    item = Item(reference=found.reference, payload=found.payload)
    model = VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=SHIPPED)
    (outcome,) = workload.process([item], Context(store=store, engine=workload.load({MODEL: model})))
    plan = Plan.from_json(store.get(str(outcome.result["plan"])))
    assert plan.building.id == "school-1"
    assert plan.safe_state is None, plan.safe_state
    assert len(plan.entries) > 4 or not any(plan.values("open"))  # at Easter and New Year nobody comes for so long
