"""What an MLflow model, or a table of predictions, says about cases: decisions, and scores where it has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from samdrift_evaluation.classification import Classes
from samdrift_evaluation.errors import EvaluationError


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """As the model gives them, before anyone says what they mean."""

    #: Shape (cases,): classes, numbers, or scores of the positive class; or (cases, classes): scores.
    given: NDArray[Any]
    #: From `predict_proba`, shape (cases, classes), or None.
    probabilities: NDArray[np.float64] | None = None
    #: The classes in the order of `probabilities`, or None.
    labels: tuple[Any, ...] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Decisions:
    """A classifier's answers with their meaning."""

    classes: Classes
    decided: NDArray[Any]
    #: Shape (cases, classes), in the order of `classes.labels`; None: the model gives decisions only.
    scores: NDArray[np.float64] | None


def ask(model: Any, features: Any, aside: Sequence[str] = (), column: str | None = None) -> Answers:
    """What `model` (a pyfunc model) answers to `features`.

    A model with a signature gets its columns; one without gets all but `aside`. `column` is the one to look at where
    a model answers with several.
    """
    inputs = _inputs(model, features, aside)
    given = _one_array(model.predict(inputs), column)
    raw = _raw(model)
    if not hasattr(raw, "predict_proba"):
        return Answers(given=given)
    labels = tuple(getattr(raw, "classes_", ())) or None
    return Answers(given=given, probabilities=np.asarray(raw.predict_proba(inputs), dtype=np.float64), labels=labels)


def decisions(
    answers: Answers, truth: NDArray[Any], *, positive: Any = None, threshold: float | None = None
) -> Decisions:
    """The answers of a classifier: classes, decisions, and scores.

    Numbers that are no classes of the truth are scores of the positive class, decided at `threshold` (default 0.5).

    Raises:
        EvaluationError: fewer than two classes, or scores whose columns cannot be told apart.
    """
    scores = _scores(answers, truth)
    labels = answers.labels or (_distinct(truth) if scores is not None else _distinct(truth, answers.given))
    classes = Classes.of(labels, positive)
    if scores is None:
        return Decisions(classes=classes, decided=answers.given, scores=None)
    if scores.ndim == 1:
        scores = _both_columns(scores, classes)
    if scores.shape[1] != len(classes.labels):
        told = f"The model gives {scores.shape[1]} scores a case; the data have {len(classes.labels)} classes."
        raise EvaluationError(f"{told} Evaluate on cases of every class.", field="predictions")
    by_model = answers.given if answers.probabilities is not None and threshold is None else None
    decided = _decided(scores, classes, threshold) if by_model is None else by_model
    return Decisions(classes=classes, decided=decided, scores=scores)


def _inputs(model: Any, features: Any, aside: Sequence[str]) -> Any:
    if not isinstance(features, pd.DataFrame):
        return features
    metadata = getattr(model, "metadata", None)
    schema = metadata.get_input_schema() if metadata is not None else None
    if schema is not None and schema.has_input_names():
        return features[[name for name in schema.input_names() if name in features.columns]]
    return features.drop(columns=[name for name in aside if name in features.columns])


def _raw(model: Any) -> Any:
    """The library's own model inside the pyfunc one, where there is one."""
    try:
        return model.get_raw_model()
    except (AttributeError, NotImplementedError):  # a function, a remote model, a flavour that hides it
        return None


def _one_array(answer: Any, column: str | None) -> NDArray[Any]:
    if isinstance(answer, pd.DataFrame):
        if column is not None:
            answer = answer[column]
        elif answer.shape[1] == 1:
            answer = answer.iloc[:, 0]
    return np.asarray(answer)


def _scores(answers: Answers, truth: NDArray[Any]) -> NDArray[np.float64] | None:
    if answers.probabilities is not None:
        return answers.probabilities
    given = answers.given
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim == 2 or (given.dtype.kind == "f" and not np.isin(given, truth).all()):
        return given.astype(np.float64)
    return None


def _distinct(*arrays: NDArray[Any]) -> tuple[Any, ...]:
    return tuple(np.unique(np.concatenate(arrays)).tolist())


def _both_columns(score: NDArray[np.float64], classes: Classes) -> NDArray[np.float64]:
    if classes.positive is None:
        raise EvaluationError("One score a case cannot tell more than two classes apart.", field="predictions")
    columns = (1 - score, score) if classes.labels[1] == classes.positive else (score, 1 - score)
    return np.stack(columns, axis=1)


def _decided(scores: NDArray[np.float64], classes: Classes, threshold: float | None) -> NDArray[Any]:
    labels = np.array(classes.labels)
    if classes.positive is None:
        return np.asarray(labels[scores.argmax(axis=1)])
    column = classes.labels.index(classes.positive)
    at_least = scores[:, column] >= (0.5 if threshold is None else threshold)
    return np.asarray(np.where(at_least, labels[column], labels[1 - column]))
