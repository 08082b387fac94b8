"""Turns what a caller hands over into arrays that a statistic may trust, or says what is wrong with them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.errors import EvaluationError

Numbers: TypeAlias = NDArray[np.float64]


def finite(name: str, values: ArrayLike) -> Numbers:
    """`values` as float64, one-dimensional, with at least one value and none that is missing or infinite.

    Raises:
        EvaluationError: naming `name` and the fault.
    """
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"`{name}` holds something that is not a number: {error}.", field=name) from error
    if numbers.ndim != 1 or numbers.size == 0:
        raise EvaluationError(f"`{name}` must be one list of at least one number.", field=name)
    if wrong := int(np.count_nonzero(~np.isfinite(numbers))):
        raise EvaluationError(f"`{name}` has {wrong} missing or infinite values; leave those cases out.", field=name)
    return numbers


def table(name: str, values: ArrayLike, *, gaps: bool = False) -> Numbers:
    """`values` as float64 of shape (rows, columns), none of them empty; NaN only where `gaps` are allowed.

    Raises:
        EvaluationError: naming `name` and the fault.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 2 or numbers.size == 0:
        raise EvaluationError(
            f"`{name}` must be a table of rows and columns, not of shape {numbers.shape}.", field=name
        )
    if wrong := int(np.count_nonzero(np.isinf(numbers) if gaps else ~np.isfinite(numbers))):
        raise EvaluationError(f"`{name}` has {wrong} missing or infinite values.", field=name)
    return numbers


def binary(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """`values` as booleans; they must be 0 and 1, or False and True."""
    numbers = finite(name, values)
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise EvaluationError(f"`{name}` must hold 0 and 1 only.", field=name)
    return numbers.astype(np.bool_)


def probabilities(name: str, values: ArrayLike) -> Numbers:
    """`values` as float64 from 0 to 1, both included."""
    numbers = finite(name, values)
    if ((numbers < 0) | (numbers > 1)).any():
        raise EvaluationError(f"`{name}` must lie between 0 and 1; recalibrate scores first.", field=name)
    return numbers


def fraction(name: str, value: float) -> float:
    """`value`, when it lies between 0 and 1, both excluded: a target, a threshold probability, a prevalence."""
    if not 0 < value < 1:
        raise EvaluationError(f"`{name}` lies between 0 and 1, both excluded, not at {value}.", field=name)
    return float(value)


def coded(name: str, labels: ArrayLike) -> tuple[NDArray[np.intp], int]:
    """Each label (a woman's number, a date) as a code from 0, and how many different ones there are."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.size == 0:
        raise EvaluationError(f"`{name}` must be one list of at least one label.", field=name)
    distinct, codes = np.unique(array, return_inverse=True)
    return codes, len(distinct)


def same_length(**arrays: NDArray[Any]) -> int:
    """The one length of all `arrays`; EvaluationError lists the lengths when they differ."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise EvaluationError(f"These must have the same length: {told}.", field=next(iter(lengths)))
    return next(iter(lengths.values()))
