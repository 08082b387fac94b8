"""Several processes with the model loaded in each: one core, one thread, one file or exam at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from samdrift_mammography.scoring import Engine

Work = TypeVar("Work")
Answer = TypeVar("Answer")

#: Options that the commands of a folder share.
Model = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Folder of a model; the shipped one when left out."),
]
Jobs = Annotated[int, typer.Option(min=0, help="Processes, each on one core; 0: as many as there are cores.")]

#: The model of this process.
_engines: list[Engine] = []


def engine() -> Engine:
    """The model of the process that asks, which one of `spread` started."""
    return _engines[0]


def spread(
    answer: Callable[[Work], Answer], work: Sequence[Work], *, model: Path | None, jobs: int
) -> Iterator[Answer]:
    """What `answer` makes of each piece of work, in order, as soon as it is there.

    `answer` is a function of a module, because other processes must find it; it asks `engine()` for the model. No
    more processes are started than there are pieces of work.
    """
    processes = min(jobs or os.cpu_count() or 1, len(work))
    # spawned, not forked: a fork of a process with threads (torch) may inherit a lock that nobody opens
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(model,)) as pool:
        yield from pool.map(answer, work)


def _begin(model: Path | None) -> None:
    from samdrift_mammography.demonstration import SHIPPED
    from samdrift_mammography.scoring import Engine

    _engines.append(Engine.load(model or SHIPPED))
