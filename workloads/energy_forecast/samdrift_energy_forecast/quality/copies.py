"""One meter under several names: series that are each other times a factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Hourly correlation above which two series are one meter. Two buildings in one weather stay below it.
LEAST_CORRELATION = 0.97
FEWEST_COMMON_HOURS = 8_000


@dataclass(frozen=True, kw_only=True)
class ScaledCopy:
    """A series that repeats another one."""

    name: str
    #: The one of the group with the largest mean.
    of: str
    factor: float
    correlation: float


def scaled_copies(series: Mapping[str, NDArray[np.float64]]) -> list[ScaledCopy]:
    """Copies among hourly `series` on the same hours, NaN where missing; the largest of each group is kept."""
    names = list(series)
    if len(names) < 2:
        return []
    table = np.column_stack([series[name] for name in names])
    correlation = _correlations(table)
    with np.errstate(invalid="ignore"):
        groups = _groups(correlation > LEAST_CORRELATION)
    found = []
    for group in groups:
        means = [float(np.nanmean(table[:, place])) for place in group]
        kept = group[int(np.argmax(means))]
        for place, mean in zip(group, means, strict=True):
            if place != kept:
                factor = mean / float(np.nanmean(table[:, kept]))
                found.append(
                    ScaledCopy(
                        name=names[place], of=names[kept], factor=factor, correlation=_known(correlation, place, kept)
                    )
                )
    return found


def _correlations(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's, of the common hours of each pair; NaN where they are too few."""
    known = np.isfinite(table).astype(np.float64)
    # Centred and scaled first, so that sums of squares keep their digits.
    centred = (table - np.nanmean(table, axis=0)) / np.maximum(np.nanstd(table, axis=0), 1e-12)
    values = np.nan_to_num(centred)
    common = known.T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        sums, squares = values.T @ known, (values**2).T @ known
        covariance = values.T @ values - sums * sums.T / common
        variance = squares - sums**2 / common
        correlation = covariance / np.sqrt(variance * variance.T)
    return np.where(common >= FEWEST_COMMON_HOURS, correlation, np.nan)


def _groups(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Connected places, only groups of two and more."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(linked, directed=False)
    groups = [np.flatnonzero(label == group).tolist() for group in range(count)]
    return [group for group in groups if len(group) > 1]


def _known(correlation: NDArray[np.float64], one: int, other: int) -> float:
    value = float(correlation[one, other])
    return value if np.isfinite(value) else LEAST_CORRELATION
