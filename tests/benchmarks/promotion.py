"""Promotion and rollback under a constant load of items, on a real Ray: what fails, and how long until they count."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from samdrift_platform import plugins
from samdrift_platform.contract import Item
from samdrift_platform.ledger.items import WorkItem
from samdrift_testing import governed
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile
from samdrift_testing.models import take_in, write_number
from samdrift_testing.plugin import install_plugin
from samdrift_testing.station import Station, running_station

#: Promotions and rollbacks, half of each; and stops of the workload.
CHANGES, STOPS = 20, 5
#: Seconds between two submissions, items in each, and between two changes at the least.
EVERY_S, ITEMS, PAUSE_S = 0.25, 5, 2.0
WITHIN_S, STOP_WITHIN_S = 5.0, 2.0
MODEL = "one-number"
#: What decided of an item in the safe state.
SAFE = "safe"


class Load:
    """Submits items of the oracle at a constant rate until it is told to stop."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._stopping = threading.Event()
        self.submissions: list[UUID] = []

    def run(self) -> None:
        for number in itertools.count():
            found = [Item(reference=f"load {number}/{n}", payload={}) for n in range(ITEMS)]
            self.submissions.append(self._station.submit("oracle", f"load {number}", found))
            if self._stopping.wait(EVERY_S):
                return

    def stop(self) -> None:
        self._stopping.set()


@contextmanager
def loaded(station: Station) -> Iterator[list[UUID]]:
    """A constant load while the block runs; the submissions, all of them at its end."""
    load = Load(station)
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield load.submissions
    finally:
        load.stop()
        thread.join()


def main() -> None:
    """A light model first, which shows the platform's own time; then the mammography model that ships."""
    with (
        tempfile.TemporaryDirectory() as folder,
        benchmark("promotion", "Promotion, rollback and stop under load") as b,
    ):
        site = install_plugin(Path(folder) / "plugin")
        with running_station(Path(folder) / "station", site, workloads=("oracle",)) as station:
            _light(b, station, Path(folder))
        with running_station(Path(folder) / "exams", site, workloads=("mammography",)) as station:
            _heavy(b, station)
        b.notes.append(
            f"oracle: {ITEMS} items every {EVERY_S:g} s on 2 cores; seconds from the signed statement to the start of "
            "the first item that the new version (or the safe state) decided; the ledger and Ray on the same cores"
        )
        b.notes.append("mammography: seconds from the statement until both replicas serve the new version, no load")


def _light(measured: Benchmark, station: Station, folder: Path) -> None:
    digests = {
        version: take_in(station.settings.home, MODEL, version, write_number(folder / str(version), float(version)))
        for version in (1, 2)
    }
    for version in (2, 1):
        station.serve(MODEL, version, digests[version])
    station.wait_until(lambda: station.report().ready)
    with loaded(station) as submissions:
        changes = [_change(station, number) for number in range(CHANGES)]
        stops = [_stop(station) for _ in range(STOPS)]
    items = [item for each in submissions for item in station.finished(each)]
    failed = [item for item in items if item.state != "done" or item.attempt != 1]
    taken = [_seconds(items, since, version) for since, version in changes]
    stopped = [_seconds(items, since, SAFE) for since in stops]
    late = [_last(items, since) for since in stops]
    measured.row(
        workload="oracle", change="promotion or rollback", **_spread(taken), items=len(items), failed=len(failed)
    )
    measured.row(workload="oracle", change="stop", **_spread(stopped), items=len(items), failed=len(failed))
    measured.bar(f"no item failed or was tried twice, of {len(items)}", not failed)
    measured.bar(f"first item of the new version within {WITHIN_S:g} s, {len(taken)} times", max(taken) <= WITHIN_S)
    measured.bar(f"no item begun with a model later than {STOP_WITHIN_S:g} s after a stop", max(late) <= STOP_WITHIN_S)
    measured.notes.append(f"a stop: the last item that still began with a model did so {max(late):.2f} s after it")


def _change(station: Station, number: int) -> tuple[datetime, str]:
    """Roll back to, or promote, the version that does not serve; when it was stated, and which one."""
    governance, now = station.governance, datetime.now(UTC)
    version = 2 if number % 2 == 0 else 1
    if number % 4 < 2:
        governance.promote(MODEL, version, "measured", actor=governed.OPERATOR, now=now)
    else:
        governance.rollback(MODEL, "measured", to=version, actor=governed.OPERATOR, now=now)
    threading.Event().wait(PAUSE_S)
    station.wait_until(lambda: station.crew("oracle")["models"][MODEL].startswith(f"{version}@"))
    return now, str(version)


def _stop(station: Station) -> datetime:
    now = datetime.now(UTC)
    station.stop("oracle")
    threading.Event().wait(2 * STOP_WITHIN_S)
    station.resume("oracle")
    station.wait_until(lambda: station.report().ready and not station.crew("oracle")["safe"])
    return now


def _heavy(measured: Benchmark, station: Station) -> None:
    """The same files as two versions: loading takes what it takes, whatever they say."""
    (shown,) = plugins.demonstrations(["mammography"])
    (model,) = shown.models()
    for version in (1, 2):
        digest = _take_in_again(station, model.name, version, model.folder)
        station.serve(model.name, version, digest)
    station.wait_until(lambda: station.report().ready)
    taken = []
    for number in range(6):
        version = 1 + number % 2
        now = datetime.now(UTC)
        station.governance.rollback(model.name, "measured", to=version, actor=governed.OPERATOR, now=now)
        station.wait_until(partial(_all_serve, station, model.name, version))
        taken.append((datetime.now(UTC) - now).total_seconds())
    measured.row(workload="mammography", change="rollback, all replicas", **_spread(taken), items=0, failed=0)
    measured.bar(f"mammography: all replicas within {WITHIN_S:g} s, {len(taken)} times", max(taken) <= WITHIN_S)


def _all_serve(station: Station, model: str, version: int) -> bool:
    served: str = station.crew("mammography")["models"][model]
    return served.startswith(f"{version}@") and station.report().ready


def _take_in_again(station: Station, name: str, version: int, folder: Path) -> str:
    """Files that differ in a line of the card, or the engine would be kept instead of loaded."""
    copy = Path(tempfile.mkdtemp(dir=station.settings.home)) / "model"
    shutil.copytree(folder, copy)
    with (copy / "card.md").open("a") as card:
        card.write(f"\nVersion {version} of a benchmark.\n")
    return take_in(station.settings.home, name, version, copy)


def _seconds(items: list[WorkItem], since: datetime, version: str) -> float:
    """From `since` to the start of the first item that `version` decided."""
    began = [
        item.started_at for item in items if _decided(item) == version and item.started_at and item.started_at > since
    ]
    return (min(began) - since).total_seconds()


def _last(items: list[WorkItem], since: datetime) -> float:
    """From a stop to the start of the last item before the resumption that a model still decided; 0: none."""
    window = [i for i in items if i.started_at and since < i.started_at < since + timedelta(seconds=2 * STOP_WITHIN_S)]
    began = [item.started_at for item in window if _decided(item) != SAFE and item.started_at]
    return (max(began) - since).total_seconds() if began else 0.0


def _decided(item: WorkItem) -> str:
    return item.models[MODEL].partition("@")[0] if item.models else SAFE


def _spread(seconds: list[float]) -> dict[str, float]:
    return {
        "n": len(seconds),
        "median_s": percentile(seconds, 0.5),
        "p95_s": percentile(seconds, 0.95),
        "max_s": max(seconds),
    }


if __name__ == "__main__":
    main()
