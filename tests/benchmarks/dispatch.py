"""What the platform adds to an item whose function does nothing, and what clinical work waits beside other work."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from samdrift_platform import plugins
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Item
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.plugin import install_plugin
from samdrift_testing.station import Station, running_station

ITEMS = 400
SINGLE = 40
CLINICAL = 30
BACKGROUND = 2_000


def main() -> None:
    """One dispatcher, one Ray with two cores."""
    with tempfile.TemporaryDirectory() as folder:
        site = install_plugin(Path(folder) / "plugin")
        with running_station(Path(folder) / "station", site, workloads=("errands", "chores")) as station:
            station.wait_until(lambda: station.report().ready)
            station.finished(station.errands("errands", "warm", "rest"))
            with benchmark("dispatch_overhead", "Dispatch overhead on an empty function (SQLite)") as measured:
                _overhead(measured, station, _bare_ms(site))
            with benchmark("clinical_wait", "What an item of class CLINICAL waits, 2 cores, 1 reserved") as measured:
                _waits(measured, station)


def _bare_ms(site: Path) -> float:
    """Milliseconds an item of calling the same function in a loop."""
    sys.path.insert(0, str(site))
    workload = plugins.workload("errands")
    context = Context(store=MemoryStore())
    items = [Item(reference=str(n), payload={"act": "rest", "diary": None}) for n in range(4)]
    with timed() as seconds:
        for _ in range(ITEMS // 4):
            workload.process(items, context)
    return seconds[0] / ITEMS * 1e3


def _overhead(measured: Benchmark, station: Station, bare_ms: float) -> None:
    with timed() as seconds:
        station.finished(station.errands("errands", "many", *["rest"] * ITEMS))
    many_ms = seconds[0] / ITEMS * 1e3
    single = []
    for number in range(SINGLE):
        (item,) = station.finished(station.errands("errands", f"single {number}", "rest"))
        assert item.finished_at is not None
        single.append((item.finished_at - item.queued_at).total_seconds() * 1e3)
    measured.row(how="400 items in batches of 4", n=ITEMS, bare_ms=bare_ms, overhead_ms=many_ms - bare_ms)
    measured.row(how="one at a time, median", n=SINGLE, bare_ms=bare_ms, overhead_ms=percentile(single, 0.5) - bare_ms)
    measured.row(how="one at a time, 95 %", n=SINGLE, bare_ms=bare_ms, overhead_ms=percentile(single, 0.95) - bare_ms)
    measured.notes.append("from the submission's commit to the result's commit; an idle dispatcher looks every 50 ms")


def _waits(measured: Benchmark, station: Station) -> None:
    _wait(measured, station, "alone")
    background = station.errands("chores", "saturating", *["toil"] * BACKGROUND)
    station.wait_until(lambda: any(item.state == "done" for item in station.items(background)))
    _wait(measured, station, "beside BACKGROUND work without end")
    left = [item for item in station.items(background) if item.state == "queued"]
    assert left, "the background work ended before the measurement did"
    measured.notes.append("from queued to claimed; background items of 50 ms CPU in batches of up to 4")


def _wait(measured: Benchmark, station: Station, beside: str) -> None:
    waits = []
    for number in range(CLINICAL):
        (item,) = station.finished(station.errands("errands", f"{beside} {number}", "rest"))
        assert item.started_at is not None
        waits.append((item.started_at - item.queued_at).total_seconds() * 1e3)
    median, most = percentile(waits, 0.5), percentile(waits, 0.95)
    measured.row(clinical_work=beside, n=CLINICAL, median_ms=median, p95_ms=most, max_ms=max(waits))


if __name__ == "__main__":
    main()
