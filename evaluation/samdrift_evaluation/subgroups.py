"""The same figure for every subgroup: density, age band, vendor; building type, season; document type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import same_length
from samdrift_evaluation.estimate import Estimate, Figure, TooFew, when_enough


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
    metrics: Mapping[str, Callable[..., Estimate]],
    groups: ArrayLike | None = None,
    *,
    least: int = 20,
    together: bool = False,
) -> dict[str, dict[str, Figure]]:
    """Several figures by several features at once, by fairlearn's MetricFrame.

    Args:
        labels: outcome of each case.
        predictions: score, probability or decision of each case: whatever the metrics take.
        features: name ("density", "age band") -> value of each case.
        metrics: name -> function of a subgroup's (labels, predictions), and its groups where `groups` are given:
            `auc_with_interval`, `shares.sensitivity`, `calibration.brier`. A TooFewCasesError becomes `TooFew`.
        groups: the woman, day or document of each case.
        least: cases below which a subgroup says `TooFew`.
        together: also the intersections that occur ("density=dense, age band=50-59"), not only each feature alone.

    Returns:
        name of the metric -> subgroup ("density=dense") -> figure. No subgroup that occurs is left out.
    """
    names = {name: np.asarray(values).astype(str) for name, values in features.items()}
    columns = {"labels": np.asarray(labels), "predictions": np.asarray(predictions), **names}
    same_length(**columns)
    cuts: list[tuple[str, ...]] = [(name,) for name in names]
    if together and len(names) > 1:
        cuts.append(tuple(names))
    table: dict[str, dict[str, Figure]] = {name: {} for name in metrics}
    for cut in cuts:
        for metric, figures in _frame(columns, cut, metrics, groups, least).items():
            table[metric].update(figures)
    return table


def _frame(
    columns: Mapping[str, NDArray[Any]],
    cut: tuple[str, ...],
    metrics: Mapping[str, Callable[..., Estimate]],
    groups: ArrayLike | None,
    least: int,
) -> dict[str, dict[str, Figure]]:
    from fairlearn.metrics import MetricFrame
    from pandas import DataFrame

    frame = MetricFrame(
        metrics={name: _guarded(metric, least) for name, metric in metrics.items()},
        y_true=columns["labels"],
        y_pred=columns["predictions"],
        sensitive_features=DataFrame({name: columns[name] for name in cut}),
        sample_params=None if groups is None else {name: {"groups": np.asarray(groups)} for name in metrics},
    )
    return {
        metric: {
            _subgroup(cut, values): figure
            for values, figure in frame.by_group[metric].items()
            if isinstance(figure, Estimate | TooFew)  # an intersection that does not occur is NaN
        }
        for metric in metrics
    }


def _guarded(metric: Callable[..., Estimate], least: int) -> Callable[..., Figure]:
    def figure(labels: NDArray[Any], predictions: NDArray[Any], **rest: NDArray[Any]) -> Figure:
        return when_enough(len(labels), least, partial(metric, labels, predictions, **rest))

    return figure


def _subgroup(cut: tuple[str, ...], values: str | tuple[str, ...]) -> str:
    each = (values,) if isinstance(values, str) else values
    return ", ".join(f"{name}={value}" for name, value in zip(cut, each, strict=True))
