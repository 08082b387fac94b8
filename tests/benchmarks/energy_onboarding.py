"""Onboarding of a fleet: readings into the store and over HTTP, an order's readings, an import of 23,000 buildings."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from samdrift_energy_forecast.building import toml_file
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.metering.reading_store import Reading
from samdrift_energy_forecast.metering.series import Series
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.benchmarking import Benchmark, benchmark, timed
from samdrift_testing.heating import DESCRIPTION, Heating, heating
from samdrift_testing.postgresql import running_postgresql

BUILDINGS, HOURS, FLEET = 300, 24, 23_000
THREE = (Series.HEAT, Series.INDOOR, Series.COLDEST_ROOM)
FIRST = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Days of readings of an order.
WINDOW_DAYS = 56
YEAR_H = 8760


def main() -> None:
    """The same on SQLite and PostgreSQL."""
    with benchmark("energy_onboarding", "Heating plans: buildings and readings come in") as measured:
        _calendar(measured)
        for name, url in _databases():
            _measure(measured, name, url)
        slowest = max(
            float(row["seconds"] or 0) for row in measured.rows if str(row["what"]).startswith("300 buildings' day")
        )
        measured.bar(f"a day of {BUILDINGS} buildings is stored in under 2 s", slowest < 2)
        measured.notes += [
            f"a day: {BUILDINGS} buildings, {HOURS} hours; three series are heat, rooms and the coldest room",
            "over HTTP: one request on a real port, parsing, verdicts and the commit included",
            f"an order's readings: {WINDOW_DAYS} days of three series of one building, as Parquet",
            "a fleet: `samdrift energy building import` as a command, start of Python included; each a new description",
        ]


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _databases() -> Iterator[tuple[str, str]]:
    with _home() as folder:
        yield "SQLite", f"sqlite:///{folder}/ledger.db"
    with running_postgresql(fsync=True) as server:
        yield "PostgreSQL", server.create()


def _measure(measured: Benchmark, database: str, url: str) -> None:
    migrations.upgrade(url)
    with _home() as home, heating(url, home) as plane:
        several = [DESCRIPTION | {"id": f"b{k:03d}"} for k in range(BUILDINGS)]
        with plane.http() as http:
            http.post("/buildings", json={"buildings": several}).raise_for_status()
        _store(measured, database, plane.ledger)
        _push(measured, database, plane)
        _order(measured, database, plane.ledger)
        _import(measured, database, plane, home)


def _day(day: int, series: tuple[Series, ...]) -> list[Reading]:
    return [
        Reading(building=f"b{b:03d}", series=one, stamp=FIRST + (24 * day + k) * HOUR, value=float(k))
        for b in range(BUILDINGS)
        for k in range(HOURS)
        for one in series
    ]


def _store(measured: Benchmark, database: str, ledger: Ledger) -> None:
    for what, batch in (
        ("300 buildings' day, heat", _day(0, THREE[:1])),
        ("300 buildings' day, three series", _day(1, THREE)),
        ("300 buildings' day, three series, sent again", _day(1, THREE)),
    ):
        with timed() as took, ledger.write() as connection:
            reading_store.append(connection, batch, source="push:bench", now=FIRST)
        measured.row(database=database, what=what, count=len(batch), seconds=took[0])


def _push(measured: Benchmark, database: str, plane: Heating) -> None:
    rows = [
        {"building": one.building, "series": one.series, "stamp": one.stamp.isoformat(), "value": one.value}
        for one in _day(2, THREE)
    ]
    with plane.http() as http, timed() as took:
        http.post("/readings", json={"readings": rows}).raise_for_status()
    measured.row(
        database=database, what="300 buildings' day, three series, over HTTP", count=len(rows), seconds=took[0]
    )


def _order(measured: Benchmark, database: str, ledger: Ledger) -> None:
    batch = [
        Reading(building="b000", series=one, stamp=FIRST - k * HOUR, value=float(k))
        for k in range(WINDOW_DAYS * 24)
        for one in THREE
    ]
    with ledger.write() as connection:
        reading_store.append(connection, batch, source="push:bench", now=FIRST)
    span: dict[str, Any] = {"first": FIRST - WINDOW_DAYS * 24 * HOUR, "end": FIRST, "known_at": FIRST}
    with ledger.read() as connection:
        reading_store.order_table(connection, "b000", **span)  # the first one imports what writes Parquet
        with timed() as took:
            reading_store.order_table(connection, "b000", **span)
    measured.row(database=database, what="an order's readings", count=len(batch), seconds=took[0])


def _import(measured: Benchmark, database: str, plane: Heating, home: Path) -> None:
    (home / "token").write_text(plane.token)
    (home / "template.toml").write_text(toml_file.example())
    rows = [f"f{k:05d},Bygning {k},{500 + k % 3000},{55 + k % 100 / 50},{9 + k % 100 / 30}" for k in range(FLEET)]
    header = "id,name,area_m2,location.latitude,location.longitude"
    (home / "fleet.csv").write_text("\n".join([header, *rows, ""]))
    environment = os.environ | {"SAMDRIFT_URL": plane.url, "SAMDRIFT_TOKEN_FILE": str(home / "token")}
    command = ["energy", "building", "import", "fleet.csv", "--template", "template.toml"]
    for what, more in (("a fleet checked", ["--check"]), ("a fleet imported", []), ("a fleet imported again", [])):
        with timed() as took:
            subprocess.run(
                [str(Path(sys.executable).parent / "samdrift"), *command, *more],
                cwd=home,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        measured.row(database=database, what=what, count=FLEET, seconds=took[0])


def _calendar(measured: Benchmark) -> None:
    building = BuildingDescription.model_validate(DESCRIPTION)
    first = int(FIRST.timestamp()) // 3600
    BuildingCalendar(building).is_open(first, YEAR_H)  # the first one looks up public holidays
    with timed() as took:
        BuildingCalendar(building).is_open(first, YEAR_H)
    measured.row(database="-", what="a year's opening hours of one building", count=YEAR_H, seconds=took[0])
    measured.bar("a year's opening hours take under 5 ms", took[0] < 0.005)


if __name__ == "__main__":
    main()
