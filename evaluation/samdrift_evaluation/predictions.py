"""What a model said about cases whose truth is known, and how its figures become the lines of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate, Figure, TooFew, when_enough
from samdrift_evaluation.report import Line
from samdrift_evaluation.shares import share as share_of_cases
from samdrift_evaluation.units import Units, units_of


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

    @property
    def units(self) -> Units:
        """The independent units."""
        return units_of(len(self), self.groups)


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
    return when_enough(len(part), 1, lambda: share_of_cases(hits[among], part.groups, resampling=part.resampling))


def mean(cases: Predictions, values: NDArray[np.float64]) -> Figure:
    """The mean of `values`, with a bootstrap interval over the independent units."""

    def estimate() -> Estimate:
        units, chosen = cases.units, cases.resampling
        low, high = chosen.bounds(units.replicated(lambda weights: weights @ values / weights.sum(axis=1), chosen))
        return Estimate(
            value=float(values.mean()),
            low=low,
            high=high,
            n=len(values),
            method=units.told(chosen),
            confidence=chosen.confidence,
        )

    return when_enough(len(cases), 1, estimate)


def _measured(cases: Predictions, measure: Measure, names: list[str]) -> Mapping[str, Figure]:
    if len(cases) < cases.least:
        few = TooFew(n=len(cases), reason=f"at least {cases.least} are needed")
        return dict.fromkeys(names, few)
    return measure(cases)
