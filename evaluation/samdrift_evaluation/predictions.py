"""What a model said about cases whose truth is known, and how its figures become the lines of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import coded, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate, Figure, TooFew, when_enough
from samdrift_evaluation.proportions import exact_bounds, proportion
from samdrift_evaluation.report import Line


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Cases side by side; every array has one entry a case."""

    #: The truth: a class, or a number.
    actual: NDArray[Any]
    #: What the model decided or forecast.
    predicted: NDArray[Any]
    #: Probability or score of each class, shape (cases, classes), or None: the model gives none.
    scores: NDArray[np.float64] | None = None
    #: The independent unit of each case (a woman, a day), or None: each case is one.
    groups: NDArray[Any] | None = None
    #: Attribute ("density") -> its value for each case.
    subgroups: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    #: Cases below which a subgroup gets no number.
    least: int = 20
    resampling: Resampling = field(default_factory=Resampling)

    def __post_init__(self) -> None:
        """EvaluationError where the arrays do not fit each other."""
        given = {"actual": self.actual, "predicted": self.predicted, "scores": self.scores, "groups": self.groups}
        same_length(**{name: array for name, array in given.items() if array is not None}, **self.subgroups)

    def __len__(self) -> int:
        return len(self.actual)

    def only(self, mask: NDArray[np.bool_]) -> Predictions:
        """The cases of `mask`."""
        return replace(
            self,
            actual=self.actual[mask],
            predicted=self.predicted[mask],
            scores=None if self.scores is None else self.scores[mask],
            groups=None if self.groups is None else self.groups[mask],
            subgroups={name: values[mask] for name, values in self.subgroups.items()},
        )

    def units(self) -> tuple[NDArray[np.intp], int]:
        """The unit of each case as a code from 0, and how many units there are."""
        return (np.arange(len(self)), len(self)) if self.groups is None else coded("groups", self.groups)

    def told(self, count: int) -> str:
        """How an interval over `count` units came about."""
        what = "case bootstrap" if self.groups is None else "cluster bootstrap"
        return self.resampling.told(f"{what} over {count} {'cases' if self.groups is None else 'groups'}")


#: All figures of some cases. The figures that exist must not depend on which cases they are.
Measure: TypeAlias = Callable[[Predictions], Mapping[str, Figure]]


def lines(cases: Predictions, measure: Measure, units: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """Every figure over all cases, then in every subgroup of every attribute; none is left out.

    `units` gives a figure's unit; a figure that is not there is a share or has none.
    """
    overall = measure(cases)
    named = dict(units or {})
    found = [Line(name=name, figure=figure, unit=named.get(name, "")) for name, figure in overall.items()]
    for attribute, values in cases.subgroups.items():
        texts = np.asarray(values).astype(str)
        for value in np.unique(texts):
            figures = _measured(cases.only(texts == value), measure, list(overall))
            subgroup = f"{attribute}={value}"
            found += [Line(name=n, figure=figures[n], subgroup=subgroup, unit=named.get(n, "")) for n in overall]
    return tuple(found)


def share(cases: Predictions, hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Figure:
    """The share of `hits` among the cases of `among`; with groups, whole groups are resampled."""
    part = cases.only(among)
    if len(part) == 0:
        return TooFew(n=0, reason="there is no such case")
    if part.groups is None:
        return proportion(int(hits[among].sum()), len(part), confidence=cases.resampling.confidence)
    return when_enough(len(part), 1, lambda: _share_of_groups(part, hits[among]))


def mean(cases: Predictions, values: NDArray[np.float64]) -> Figure:
    """The mean of `values`, with a bootstrap interval over the independent units."""

    def estimate() -> Estimate:
        group, count = cases.units()
        sums, sizes = np.bincount(group, values), np.bincount(group).astype(np.float64)
        low, high = cases.resampling.interval(lambda draws: float(sums @ draws / (sizes @ draws)), count)
        return _estimate(cases, float(values.mean()), low, high, cases.told(count))

    return when_enough(len(cases), 1, estimate)


def _measured(cases: Predictions, measure: Measure, names: list[str]) -> Mapping[str, Figure]:
    if len(cases) < cases.least:
        few = TooFew(n=len(cases), reason=f"at least {cases.least} are needed")
        return dict.fromkeys(names, few)
    return measure(cases)


def _share_of_groups(cases: Predictions, hits: NDArray[np.bool_]) -> Estimate:
    group, count = cases.units()
    if count < 2:
        raise TooFewCasesError("an interval needs at least two independent groups", field="groups")
    value, confidence = float(hits.mean()), cases.resampling.confidence
    if value in (0.0, 1.0):  # resampling would claim certainty
        low, high = exact_bounds(count if value else 0, count, confidence)
        return _estimate(cases, value, low, high, f"Clopper-Pearson exact over {count} groups (all alike)")
    part, size = np.bincount(group, hits.astype(np.float64)), np.bincount(group).astype(np.float64)
    low, high = cases.resampling.interval(lambda draws: float(part @ draws / (size @ draws)), count)
    return _estimate(cases, value, low, high, cases.told(count))


def _estimate(cases: Predictions, value: float, low: float, high: float, method: str) -> Estimate:
    confidence = cases.resampling.confidence
    return Estimate(value=value, low=low, high=high, n=len(cases), method=method, confidence=confidence)
