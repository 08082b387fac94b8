"""Exams a minute through the platform against a bare loop over the same model, one core each, in the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from samdrift_platform import plugins
from samdrift_platform.contract import Context, Item, Workload
from samdrift_platform.objects import ObjectStore
from samdrift_registry.store import ManifestStore
from samdrift_testing.benchmarking import benchmark, timed
from samdrift_testing.models import take_in
from samdrift_testing.station import Station, running_station

COPIES = 6


def main() -> None:
    """The demonstration's two exams, each several times, under references of their own."""
    workload = plugins.workload("mammography")
    (shown,) = plugins.demonstrations(["mammography"])
    (model,) = shown.models()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_station(Path(folder), Path(folder), workloads=("mammography",), cpus=1) as station,
    ):
        home = station.settings.home
        digest = take_in(home, model.name, 1, model.folder)
        store = ObjectStore(station.settings.objects_url)
        items = _exams(workload, store)
        engine = workload.load({model.name: ManifestStore(home).verified(model.name, 1, digest)})
        station.serve(model.name, 1, digest)
        station.wait_until(lambda: station.report().ready)
        _measure(workload, Context(store=store, engine=engine), station, items)


def _measure(workload: Workload, context: Context, station: Station, items: Sequence[Item]) -> None:
    workload.process(items[:1], context)
    station.finished(station.submit("mammography", "warm", [_copy(items[0], "warm")]))
    with benchmark("mammography_served", "Mammography: through the platform against a bare loop") as measured:
        bare: list[float] = []
        served: list[float] = []
        for turn in range(3):  # in turns, so that a busy machine is busy for both
            with timed() as seconds:
                for item in items:
                    workload.process([item], context)
            bare += seconds
            with timed() as seconds:
                found = [_copy(item, str(turn)) for item in items]
                done = station.finished(station.submit("mammography", f"turn {turn}", found))
            assert {item.state for item in done} == {"done"}
            served += seconds
            ratio = bare[-1] / served[-1]
            measured.row(
                turn=turn,
                exams=len(items),
                bare_per_min=60 * len(items) / bare[-1],
                served_per_min=60 * len(items) / served[-1],
                ratio=ratio,
            )
        measured.bar("served at least 0.9 of the bare loop, over all turns", sum(bare) / sum(served) >= 0.9)
        measured.notes.append("one replica, one core, one thread on both sides; a research demonstrator's model")


def _exams(workload: Workload, store: ObjectStore) -> list[Item]:
    from samdrift_mammography.demonstration import files

    document = {
        "screening_unit": "Benchmark",
        "received_at": datetime.now(UTC).isoformat(),
        "objects": [store.put(data) for data in files()],
    }
    split = workload.split(workload.submission.model_validate(document), store)
    exams = [item for item in split if item.payload["kind"] != "file"]
    return [_copy(item, f"copy {n}") for n in range(COPIES) for item in exams]


def _copy(item: Item, name: str) -> Item:
    return Item(reference=f"{item.reference[:80]} {name}", payload=item.payload, deadline=item.deadline)


if __name__ == "__main__":
    main()
