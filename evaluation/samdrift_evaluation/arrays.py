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


def binary(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """`values` as booleans; they must be 0 and 1, or False and True."""
    numbers = finite(name, values)
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise EvaluationError(f"`{name}` must hold 0 and 1 only.", field=name)
    return numbers.astype(np.bool_)


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
