"""The same figure for every subgroup: density, age band, vendor; building type, season; document type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.estimate import Estimate, Figure, when_enough


def by_subgroup(
    subgroups: ArrayLike, estimate: Callable[[NDArray[np.bool_]], Estimate], *, least: int = 20
) -> dict[str, Figure]:
    """Name of the subgroup -> its figure, sorted; no subgroup is left out.

    Args:
        subgroups: the subgroup of each case.
        estimate: makes the figure from a mask over the cases; a TooFewCasesError from it (a class is
            missing) becomes `TooFew`.
        least: cases below which a subgroup says `TooFew` instead of a number.
    """
    names = np.asarray(subgroups).astype(str)
    return {
        str(name): when_enough(int((names == name).sum()), least, partial(estimate, names == name))
        for name in np.unique(names)
    }


def by_features(
    labels: ArrayLike,
    predictions: ArrayLike,
    features: Mapping[str, ArrayLike],
    metrics: Mapping[str, Callable[[NDArray[np.float64], NDArray[np.float64]], Estimate]],
    *,
    least: int = 20,
    together: bool = False,
) -> dict[str, dict[str, Figure]]:
    """Metric -> subgroup ("density=dense") -> figure, for every value of every feature, by fairlearn's MetricFrame.

    `together` adds the intersections ("density=dense, age=50-59"). A metric takes (labels, predictions) of a subgroup.
    """
    raise NotImplementedError
