"""The network on a GPU: precision, batch size, and two processes that share it. Without a GPU it says so and passes.

Ratios within one run, all against the same films on one core of the CPU: films a second, and how far scores move.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from torch import Tensor

from samdrift_mammography.features import TAPS
from samdrift_mammography.network import EfficientNetLite0, pretrained
from samdrift_testing.benchmarking import Benchmark, benchmark

#: Rows and columns of a whole film at 0.2 mm.
ROWS, COLUMNS = 1200, 704
SECONDS = 3.0
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
BATCHES = (1, 4, 16)
#: Blocks whose outputs are taken, as the model does.
BLOCKS = sorted({block for _, block, _ in TAPS})


def main() -> None:
    """All of it on a GPU, or one line that there is none."""
    with benchmark("gpu", "Mammography's network on a GPU") as measured:
        if not torch.cuda.is_available():
            measured.row(what="no GPU on this machine", films_per_s=None, of_one_core=None, rank_correlation=None)
            measured.notes.append("run `python tests/benchmarks/run.py gpu` on a machine with one; nothing is claimed")
            return
        measured.notes.append(torch.cuda.get_device_name())
        core = _rate(_forward("cpu", None, 1))
        measured.row(what="one core, float32, one film", films_per_s=core, of_one_core=1.0, rank_correlation=1.0)
        for name, precision in PRECISIONS.items():
            for batch in BATCHES:
                rate = _rate(_forward("cuda", precision, batch)) * batch
                told = {"of_one_core": rate / core, "rank_correlation": _agreement(precision)}
                measured.row(what=f"GPU, {name}, {batch} at a time", films_per_s=rate, **told)
        _shared(measured, core)
        measured.notes.append("decoding on the GPU is not measured: no decoder with a permissive licence is pinned")


def _forward(device: str, precision: torch.dtype | None, batch: int) -> Callable[[], Tensor]:
    network, films = _network(device), _films(batch).to(device)

    def forward() -> Tensor:
        with torch.inference_mode(), torch.autocast(device, precision, enabled=precision is not None):
            return network.taps(films, BLOCKS)[-1].float().cpu()

    return forward


def _network(device: str) -> EfficientNetLite0:
    torch.set_num_threads(1)
    return pretrained().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return] # missing in torch's stubs


def _films(number: int) -> Tensor:
    """Noise with the range of films: time and precision do not depend on what is in the picture."""
    values = torch.rand((number, 3, ROWS, COLUMNS), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return values.contiguous(memory_format=torch.channels_last)


def _rate(forward: Callable[[], Tensor]) -> float:
    """Calls a second, after one to warm up."""
    forward()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        forward()
        calls += 1
    return calls / (time.perf_counter() - began)


def _agreement(precision: torch.dtype | None) -> float:
    """Spearman's correlation of the summed outputs of films between this precision and float32 on the CPU."""
    from scipy.stats import spearmanr

    exact, found = (list(_sums(device, kind)) for device, kind in (("cpu", None), ("cuda", precision)))
    return float(spearmanr(np.concatenate(exact), np.concatenate(found)).statistic)


def _sums(device: str, precision: torch.dtype | None) -> Iterator[np.ndarray]:
    for _ in range(2):
        yield _forward(device, precision, 1)().sum(dim=(0, 2, 3)).numpy()


def _shared(measured: Benchmark, core: float) -> None:
    """Two processes at once, as two replicas that are lent half of the GPU each."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        rates: Sequence[float] = list(pool.map(_one_of_two, range(2)))
    measured.row(
        what="two processes share the GPU, bfloat16, 4 at a time",
        films_per_s=sum(rates),
        of_one_core=sum(rates) / core,
        rank_correlation=None,
    )


def _one_of_two(number: int) -> float:
    return _rate(_forward("cuda", torch.bfloat16, 4)) * 4


if __name__ == "__main__":
    main()
