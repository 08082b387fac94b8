"""A night of heating plans for a fleet, through the real platform: tables, orders, ledger, dispatcher, Ray, plans.

The buildings are real meters, each perturbed (other size, weeks and noise; rooms follow from the heat), where
`SAMDRIFT_DATA` has them, and simulated houses otherwise. Numbers are buildings of a run, in this order:

    python tests/benchmarks/run.py energy_fleet              # 300 on one worker and on two, then 1,000
    python tests/benchmarks/energy_fleet.py 23000            # all of Denmark's municipal buildings: 25 GB
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

import samdrift_energy_forecast
from samdrift_energy_forecast.ordering import nightly
from samdrift_energy_forecast.workload import MODEL
from samdrift_platform.contract import Store
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import benefits
from samdrift_platform.objects import ObjectStore
from samdrift_testing.benchmarking import Benchmark, Value, benchmark, timed
from samdrift_testing.heated_fleet import Fleet, enter, simulated
from samdrift_testing.memory import peak_mib
from samdrift_testing.models import take_in
from samdrift_testing.perturbed_fleet import HEAT, perturbed
from samdrift_testing.station import Station, running_station
from samdrift_testing.trees import samdrift

#: Days of hourly readings of heat and rooms that each building has.
DAYS = 56
#: Buildings that are prepared together, so that preparing takes no more memory than planning.
BLOCK = 250
#: Runs: buildings and workers.
RUNS = ((300, 1), (300, 2), (1000, 2))
#: Copenhagen's project, and all municipal buildings: buildings, and seconds that they may take.
COPENHAGEN, DENMARK = (300, 60.0), (23_000, 3600.0)
SHIPPED = Path(samdrift_energy_forecast.__file__).parent / "shipped" / MODEL


def main() -> None:
    """The runs of RUNS, or of as many buildings as the arguments say, on two workers."""
    runs = [(int(word), 2) for word in sys.argv[1:]] or RUNS
    name = "energy_fleet" if runs is RUNS else f"energy_fleet_{'_'.join(sys.argv[1:])}"
    with benchmark(name, "Heating plans: a night of a fleet, from the tables to the plans") as measured:
        try:
            for count, workers in runs:
                with tempfile.TemporaryDirectory() as folder:
                    _run(measured, Path(folder), count, workers)
        except KeyboardInterrupt:
            if not measured.rows:
                raise
            measured.notes.append("stopped by hand before the last run was done")
        _judge(measured)
        measured.notes += [
            f"buildings: {'real meters, perturbed' if _data() else 'simulated houses'}; {DAYS} days of hourly heat and "
            "rooms each, four places of weather, ledger in SQLite",
            "wall_s: from `samdrift energy plan --all` on a warm platform until the last plan is committed, start of "
            "the command included; ordering and planning overlap",
            "of a building: order_ms in the ordering process (wall), plan_cpu_ms in the replicas (CPU), all_cpu_ms in "
            "all processes together (CPU); other work on the machine makes CPU time grow too, but less than wall time",
            "peak_mib: proportional memory of the dispatcher, Ray, its replicas and the ordering process together",
        ]


def _run(measured: Benchmark, folder: Path, count: int, workers: int) -> None:
    share = 0.0 if workers > 1 else 0.5
    with running_station(folder, folder, workloads=("energy_forecast",), cpus=2, reserved_share=share) as station:
        station.patience_s = 3 * 3600.0
        station.serve(MODEL, 1, take_in(station.settings.home, MODEL, 1, SHIPPED))
        with timed() as prepared:
            _prepare(station.ledger, ObjectStore(station.settings.objects_url), count)
        station.wait_until(lambda: station.report().ready)
        _plan(station, "building-00000")  # the first batch of a replica imports what it needs
        before_s = _cpu_s(station)
        with peak_mib() as peak, timed() as wall:
            with timed() as ordering:
                _plan(station, "--all")
            night = _plan(station, "--all", "--wait")
        cpu_s = _cpu_s(station) - before_s
        assert night["planned"] + night["fallback"] == count, night
        measured.row(
            buildings=count,
            workers=workers,
            wall_s=wall[0],
            per_s=count / wall[0],
            ms_per_building=1e3 * wall[0] / count,
            order_ms=1e3 * ordering[0] / count,
            plan_cpu_ms=1e3 * _planning_s(station) / count,
            all_cpu_ms=1e3 * cpu_s / count,
            planned=night["planned"],
            fallback=night["fallback"],
            peak_mib=max(peak),
            prepared_s=prepared[0],
        )


def _prepare(ledger: Ledger, store: Store, count: int) -> None:
    issue_time = nightly.midnight(datetime.now(UTC))
    make = _maker(issue_time)
    for first in range(0, count, BLOCK):
        enter(ledger, store, make(min(BLOCK, count - first), first))


def _maker(issue_time: datetime) -> Callable[[int, int], Fleet]:
    data = _data()
    if data is None:
        return lambda count, first: simulated(count, first=first, days=DAYS, issue_time=issue_time)
    return lambda count, first: perturbed(data, count, first=first, days=DAYS, issue_time=issue_time)


def _data() -> Path | None:
    folder = Path(os.environ.get("SAMDRIFT_DATA") or "/nowhere")
    return folder if (folder / HEAT).is_file() else None


def _plan(station: Station, *words: str) -> Any:
    environment = os.environ | station.settings.environment()
    ended = subprocess.run(
        samdrift("energy", "plan", *words, "--json"), env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout)


def _cpu_s(station: Station) -> float:
    """CPU time so far of the dispatcher, Ray, its replicas, and of the commands that have ended."""
    dispatcher = psutil.Process(station.report().pid)
    times = [each.cpu_times() for each in (dispatcher, *dispatcher.children(recursive=True))]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(sum(time.user + time.system for time in times)) + ended.ru_utime + ended.ru_stime


def _planning_s(station: Station) -> float:
    query = sa.select(sa.func.sum(benefits.c.quantity)).where(benefits.c.measure == "cpu_time")
    with station.ledger.read() as connection:
        return float(connection.execute(query).scalar_one() or 0.0)


def _judge(measured: Benchmark) -> None:
    """By the clock, and by CPU time on two cores that do nothing else; for Denmark at the rate of the largest run."""
    count, most_s = COPENHAGEN
    for row in measured.rows:
        if row["buildings"] == count and row["workers"] == 2:
            took = float(str(row["wall_s"]))
            measured.bar(
                f"{count} buildings in under {most_s:g} s on two workers (it took {took:.0f} s)", took < most_s
            )
            _judge_cpu(measured, row, count, most_s)
    last = max(measured.rows, key=lambda row: int(str(row["buildings"])))
    count, most_s = DENMARK
    took = float(str(last["ms_per_building"])) * count / 1e3
    how = "it took" if last["buildings"] == count else "at the rate of the largest run"
    measured.bar(f"{count:,} buildings in under an hour on two workers ({how}: {took:,.0f} s)", took < most_s)
    _judge_cpu(measured, last, count, most_s)


def _judge_cpu(measured: Benchmark, row: Mapping[str, Value], count: int, most_s: float) -> None:
    would = float(str(row["all_cpu_ms"])) * count / 1e3 / 2
    measured.bar(f"{count:,} buildings: CPU time of all processes on two cores {would:,.0f} s", would < most_s)


if __name__ == "__main__":
    main()
