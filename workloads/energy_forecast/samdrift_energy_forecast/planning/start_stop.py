"""What is chosen for each opening: when heating starts and stops, and how warm; and the set-points that follow."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.thermal.response import QUARTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

#: Openings with no longer pause between them are warmed as one (quarter-hours).
SHORTEST_CLOSURE_Q = 4 * QUARTERS


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A time with people, in quarter-hours from the plan's beginning; short pauses belong to it."""

    begins: int
    ends: int


def openings(is_open: NDArray[np.bool_]) -> tuple[Opening, ...]:
    """The openings among steps, in order."""
    found: list[Opening] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_open, [False]]).astype(np.int8)))
    for begins, ends in edges.reshape(-1, 2).tolist():
        if found and begins - found[-1].ends <= SHORTEST_CLOSURE_Q:
            found[-1] = replace(found[-1], ends=ends)
        else:
            found.append(Opening(begins=begins, ends=ends))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class StartStop:
    """One choice, or many side by side as arrays of one shape. Times are in quarter-hours, temperatures in C."""

    #: Heating starts so long before the opening.
    lead: Array
    #: Set-point from the start on, until so long after the opening (before it, if negative).
    boost_c: Array
    boost_past: Array
    #: Set-point afterwards, until so long after the closing.
    warm_c: Array
    overrun: Array
    #: Set-point at all other times.
    night_c: Array

    def varied(self, **changed: Array) -> StartStop:
        """Some figures replaced; all become arrays of the shape that they broadcast to, in one row."""
        figures = {one.name: np.asarray(changed.get(one.name, getattr(self, one.name)), float) for one in fields(self)}
        shape = np.broadcast_shapes(*(values.shape for values in figures.values()))
        return StartStop(**{name: np.broadcast_to(values, shape).ravel() for name, values in figures.items()})

    def at(self, place: int) -> StartStop:
        """One of the choices side by side."""
        return StartStop(**{one.name: getattr(self, one.name)[[place]] for one in fields(self)})


def set_points_c(found: tuple[Opening, ...], first: StartStop, later: StartStop, count: int) -> Array:
    """Set-points of `count` steps, shape `(count, choices)`: `first` for the next opening, `later` for those after.

    The set-back is `first`'s throughout. Nothing may be found: at Easter the next opening lies beyond a plan's end.
    """
    step = np.arange(count)[:, None]
    result = np.repeat(np.atleast_1d(first.night_c)[None], count, axis=0)
    for opening, one in zip(found, chain([first], repeat(later)), strict=False):
        warm = (step >= opening.begins - one.lead) & (step < opening.ends + one.overrun)
        boosted = warm & (step < opening.begins + one.boost_past)
        result = np.where(warm, one.warm_c, result)
        result = np.where(boosted, np.maximum(one.boost_c, one.warm_c), result)
    return result
