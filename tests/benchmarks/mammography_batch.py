"""A batch of 60 four-view exams through the platform against a bare PyTorch loop on the same files, in one run.

The bare loop is what somebody would write who needs scores and nothing else: decode, preprocess, forward, one file
after the other, with all cores for PyTorch; or better, one such loop on each core with its share of the files. The
platform adds everything that makes it a service.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import psutil
from pydantic import JsonValue

from samdrift_mammography.demonstration import SHIPPED, files
from samdrift_mammography.submission import MammographySubmission
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.contract import Item
from samdrift_platform.objects import ObjectStore
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.memory import peak_mib
from samdrift_testing.models import take_in
from samdrift_testing.station import Station, running_station

EXAMS = 60
#: Urgent exams, one after the other, idle and beside the saturating batch.
URGENT = 12
CORES = psutil.cpu_count(logical=True) or 1


def main() -> None:
    """The demonstration's two exams, copied under identifiers of their own until there are 60."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_station(Path(folder), Path(folder), workloads=("mammography",), cpus=CORES) as station,
    ):
        digest = take_in(station.settings.home, MODEL, 1, SHIPPED)
        station.serve(MODEL, 1, digest)
        station.patience_s = 900.0
        station.wait_until(lambda: station.report().ready)
        store = ObjectStore(station.settings.objects_url)
        exams = _exams(store, EXAMS)
        station.finished(station.submit("mammography", "warm", _exams(store, 2, "warm")))
        with benchmark("mammography_batch", f"Mammography: {EXAMS} exams through the platform, and bare") as measured:
            _throughput(measured, station, store, exams)
        with benchmark(
            "mammography_urgent", "Mammography: an urgent exam, idle and beside a saturating batch"
        ) as urgent:
            _urgent(urgent, station, store)


def _throughput(measured: Benchmark, station: Station, store: ObjectStore, exams: Sequence[Item]) -> None:
    work = [[(str(image["object"]), str(image["view"])) for image in _images(exam)] for exam in exams]
    with timed() as one:
        _bare_loop(store.url, work, CORES)
    with timed() as each, ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        list(pool.map(_bare_loop, [store.url] * CORES, [work[n::CORES] for n in range(CORES)], [1] * CORES))
    with peak_mib() as peak, timed() as served:
        done = station.finished(station.submit("mammography", "batch", exams))
    assert {item.state for item in done} == {"done"}
    assert all(item.result["score"] for item in done)
    for way, seconds in (
        ("bare loop, PyTorch on all cores", one[0]),
        ("a bare loop on each core", each[0]),
        ("through the platform", served[0]),
    ):
        measured.row(way=way, exams=EXAMS, seconds=seconds, per_min=60 * EXAMS / seconds)
    for what, bare_s in (("a bare PyTorch loop", one[0]), ("such a loop on each core", each[0])):
        ratio = bare_s / served[0]
        measured.bar(f"end to end at least 0.9 of {what} (it is {ratio:.2f})", ratio >= 0.9)
    measured.notes.append(f"peak memory of the dispatcher with all of Ray and its replicas: {max(peak):.0f} MiB (PSS)")
    measured.notes.append("the platform also draws pictures, marks and heat maps, and writes the ledger's audit chain")


def _images(exam: Item) -> Sequence[Mapping[str, JsonValue]]:
    return cast(Sequence[Mapping[str, JsonValue]], exam.payload["images"])


def _bare_loop(objects_url: str, exams: Sequence[Sequence[tuple[str, str]]], threads: int) -> None:
    """Score (object, view) of each image of each exam."""
    import pydicom
    import torch
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    from samdrift_mammography import lesion_head
    from samdrift_mammography.features import FeatureExtractor
    from samdrift_mammography.film import canonical
    from samdrift_mammography.network import pretrained

    torch.set_num_threads(threads)
    store, extractor = ObjectStore(objects_url), FeatureExtractor(pretrained())
    head, _ = lesion_head.load(SHIPPED)
    for reference, view in (image for exam in exams for image in exam):
        dataset = pydicom.dcmread(BytesIO(store.get(reference)))
        values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
        grey = (values / 257.0).astype("float32")
        film = canonical(grey, pixel_mm=240.0 / max(grey.shape), oblique="MLO" in view)
        cells = extractor.cells(film)
        lesion_head.film_score(head.cell_scores(cells), cells)


def _urgent(measured: Benchmark, station: Station, store: ObjectStore) -> None:
    """From "complete" (its row is committed) to the score's commit."""
    exams = _exams(store, 2 * URGENT, "urgent")
    bare = _bare_seconds(store, exams[:URGENT])
    idle = [_seconds(station, f"idle {n}", exam) for n, exam in enumerate(exams[:URGENT])]
    batch = station.submit("mammography", "saturating", _exams(store, EXAMS, "saturating"))
    station.wait_until(lambda: any(item.state == "done" for item in station.items(batch)))
    beside = [_seconds(station, f"beside {n}", exam) for n, exam in enumerate(exams[URGENT:])]
    left = sum(item.state == "queued" for item in station.items(batch))
    for what, seconds in (("bare computation", bare), ("idle", idle), ("beside a saturating batch", beside)):
        measured.row(what=what, n=len(seconds), median_s=percentile(seconds, 0.5), p95_s=percentile(seconds, 0.95))
    p95 = [percentile(seconds, 0.95) for seconds in (bare, idle, beside)]
    measured.bar(f"idle: p95 within 2 of the bare computation ({p95[1] / p95[0]:.2f})", p95[1] <= 2 * p95[0])
    measured.bar(f"saturated: p95 at most 1.3 of idle ({p95[2] / p95[1]:.2f})", left > 0 and p95[2] <= 1.3 * p95[1])
    measured.notes.append(f"{left} exams of the saturating batch were still waiting when the last urgent one was done")
    station.finished(batch)


def _bare_seconds(store: ObjectStore, exams: Sequence[Item]) -> list[float]:
    """The workload's own function in this process, on one thread as a replica has."""
    from samdrift_mammography.scoring import Engine
    from samdrift_platform.contract import Context

    context = Context(store=store, engine=Engine.load(SHIPPED))
    workload.process(exams[:1], context)
    found = []
    for exam in exams:
        with timed() as seconds:
            workload.process([exam], context)
        found += seconds
    return found


def _seconds(station: Station, reference: str, exam: Item) -> float:
    (done,) = station.finished(station.submit("mammography", reference, [replace(exam, urgent=True)]))
    assert done.finished_at is not None
    return (done.finished_at - done.queued_at).total_seconds()


def _exams(store: ObjectStore, number: int, name: str = "copy") -> list[Item]:
    """`number` exams, the two real ones in turn under references of their own; the files are the same."""
    document = {
        "screening_unit": "Benchmark",
        "received_at": datetime.now(UTC).isoformat(),
        "objects": [store.put(data) for data in list(files())[:8]],
    }
    split = list(workload.split(MammographySubmission.model_validate(document), store))
    return [
        Item(reference=f"{split[n % len(split)].reference[:80]} {name} {n}", payload=split[n % len(split)].payload)
        for n in range(number)
    ]


if __name__ == "__main__":
    main()
