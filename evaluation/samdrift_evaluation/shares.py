"""Shares of cases that may hang together: the proportion of ones, with an interval that knows the groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers, binary, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import exact_bounds, proportion
from samdrift_evaluation.units import Units, units_of


def share(hits: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None) -> Estimate:
    """Share of ones among `hits` (0 or 1 for each case).

    Without `groups` the interval is Wilson's. With them whole groups are resampled; when all cases are alike, that
    would claim certainty, and the interval is the exact binomial one over groups instead.

    Raises:
        TooFewCasesError: there is only one group.
        EvaluationError: `hits` is empty or holds something else than 0 and 1, or lengths differ.
    """
    ones, chosen = binary("hits", hits).astype(np.float64), resampling or Resampling()
    units = units_of(len(ones), groups)
    if groups is None:
        return proportion(int(ones.sum()), len(ones), confidence=chosen.confidence)
    replicates = units.replicated(lambda weights: weights @ ones / weights.sum(axis=1), chosen)
    return resampled_share(float(ones.mean()), replicates, len(ones), units, chosen)


def sensitivity(
    labels: ArrayLike, recalled: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None
) -> Estimate:
    """Share of the abnormal cases that were recalled; n counts the abnormal ones. Otherwise as `share`.

    Raises:
        TooFewCasesError: there are no abnormal cases, or those of one group only.
    """
    return _share_within(True, labels, recalled, groups, resampling)


def specificity(
    labels: ArrayLike, recalled: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None
) -> Estimate:
    """Share of the normal cases that were not recalled; n counts the normal ones. Otherwise as `share`.

    Raises:
        TooFewCasesError: there are no normal cases, or those of one group only.
    """
    return _share_within(False, labels, recalled, groups, resampling)


def _share_within(
    abnormal: bool,
    labels: ArrayLike,
    recalled: ArrayLike,
    groups: ArrayLike | None,
    resampling: Resampling | None,
) -> Estimate:
    positive, hit = binary("labels", labels), binary("recalled", recalled)
    same_length(labels=positive, recalled=hit)
    which = positive == abnormal
    if not which.any():
        raise TooFewCasesError(f"there are no {'abnormal' if abnormal else 'normal'} cases", field="labels")
    group = None if groups is None else np.asarray(groups)
    if group is not None:
        same_length(labels=positive, groups=group)
    return share((hit == abnormal)[which], None if group is None else group[which], resampling=resampling)


def resampled_share(value: float, replicates: Numbers, n: int, units: Units, resampling: Resampling) -> Estimate:
    """A share from its bootstrap `replicates`, with Clopper and Pearson's bounds over units where it is 0 or 1."""
    if value in (0.0, 1.0):
        low, high = exact_bounds(units.count if value else 0, units.count, resampling.confidence)
        noun = "groups" if units.clustered else "cases"
        method = f"Clopper-Pearson exact over {units.count} {noun} (all of them alike)"
    else:
        low, high = resampling.bounds(replicates)
        method = units.told(resampling)
    return Estimate(value=value, low=low, high=high, n=n, method=method, confidence=resampling.confidence)
