"""Figures and curves of any classifier: of two classes, or of more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.calibration import brier, calibration_error, reliability
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, Figure, when_enough
from samdrift_evaluation.plots import thinned
from samdrift_evaluation.predictions import Predictions, lines, share
from samdrift_evaluation.report import Curve, Line

#: More classes than this make tables that nobody reads; then only the overall share is given.
MOST_CLASSES = 30
CHANCE = ((0.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Classes:
    """The classes that can occur, in the order of the score columns, and which one is looked for."""

    labels: tuple[Any, ...]
    #: One of two classes; None where there are more.
    positive: Any = None

    @classmethod
    def of(cls, labels: Sequence[Any], positive: Any = None) -> Classes:
        """Of two classes the greater one is looked for, unless `positive` names it.

        Raises:
            EvaluationError: fewer than two classes, or `positive` is none of them.
        """
        found = tuple(labels)
        if len(found) < 2:
            raise EvaluationError(f"A classifier is judged on at least two classes; there is only {list(found)}.")
        if positive is not None and positive not in found:
            raise EvaluationError(f"The class looked for, {positive!r}, is none of {list(found)}.", field="positive")
        return cls(labels=found, positive=(positive if positive is not None else found[1]) if len(found) == 2 else None)


def classification_lines(cases: Predictions, classes: Classes) -> tuple[Line, ...]:
    """For two classes AUC, Brier score, sensitivity, specificity, predictive values; for more, each class by itself."""
    return lines(cases, partial(_of_many if classes.positive is None else _of_two, classes=classes))


def classification_curves(cases: Predictions, classes: Classes) -> tuple[Curve, ...]:
    """ROC curve and, where scores are probabilities, calibration; only for two classes and a model that has scores."""
    if classes.positive is None or cases.scores is None or len(np.unique(cases.actual)) < 2:
        return ()
    truth, score = _truth(cases, classes), _score(cases, classes)
    assert score is not None  # noqa: S101 - there are scores
    curves = [_roc(truth, score)]
    if _probabilities(score):
        curves.append(_reliability(cases, truth, score))
    return tuple(curves)


def _of_two(cases: Predictions, classes: Classes) -> Mapping[str, Figure]:
    truth, decided, everything = _truth(cases, classes), cases.predicted == classes.positive, np.ones(len(cases), bool)
    score = _score(cases, classes)
    figures: dict[str, Figure] = {"prevalence": share(cases, truth, everything)}
    if score is not None:
        figures["auc"] = _of_scores(auc_with_interval, cases, truth, score)
        if _probabilities(score):
            figures["brier"] = _of_scores(brier, cases, truth, score)
            figures["calibration_error"] = _of_scores(calibration_error, cases, truth, score)
    return figures | {
        "sensitivity": share(cases, decided, truth),
        "specificity": share(cases, ~decided, ~truth),
        "positive_predictive_value": share(cases, truth, decided),
        "negative_predictive_value": share(cases, ~truth, ~decided),
        "accuracy": share(cases, truth == decided, everything),
    }


def _of_many(cases: Predictions, classes: Classes) -> Mapping[str, Figure]:
    figures: dict[str, Figure] = {
        "accuracy": share(cases, cases.actual == cases.predicted, np.ones(len(cases), dtype=bool))
    }
    if len(classes.labels) > MOST_CLASSES:
        return figures
    for column, label in enumerate(classes.labels):
        truth, decided = cases.actual == label, cases.predicted == label
        figures[f"sensitivity_{label}"] = share(cases, decided, truth)
        figures[f"precision_{label}"] = share(cases, truth, decided)
        if cases.scores is not None:
            figures[f"auc_{label}"] = _of_scores(auc_with_interval, cases, truth, cases.scores[:, column])
    return figures


def _of_scores(
    statistic: Callable[..., Estimate], cases: Predictions, truth: NDArray[np.bool_], score: NDArray[np.float64]
) -> Figure:
    return when_enough(len(cases), 1, lambda: statistic(truth, score, cases.groups, resampling=cases.resampling))


def _truth(cases: Predictions, classes: Classes) -> NDArray[np.bool_]:
    return np.asarray(cases.actual == classes.positive, dtype=bool)


def _score(cases: Predictions, classes: Classes) -> NDArray[np.float64] | None:
    return None if cases.scores is None else cases.scores[:, classes.labels.index(classes.positive)]


def _probabilities(score: NDArray[np.float64]) -> bool:
    return bool(score.min() >= 0 and score.max() <= 1)


def _roc(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> Curve:
    from sklearn.metrics import roc_curve

    false_positive, sensitivity, _ = roc_curve(truth, score)
    points = thinned([(float(x), float(y)) for x, y in zip(false_positive, sensitivity, strict=True)], most=401)
    return Curve(name="roc", x="1 - specificity", y="sensitivity", points=points, reference=CHANCE)


def _reliability(cases: Predictions, truth: NDArray[np.bool_], score: NDArray[np.float64]) -> Curve:
    found = reliability(truth, score, cases.groups, resampling=cases.resampling)
    points = tuple((each.expected, each.observed.value, each.observed.low, each.observed.high) for each in found)
    return Curve(name="reliability", x="predicted probability", y="observed share", points=points, reference=CHANCE)
