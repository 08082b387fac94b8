"""How much each member counts in a building's forecast: weights on the simplex by how the members erred lately.

Bates & Granger, Operational Research Quarterly 20 (1969) 451-468, with the errors discounted by age, and pulled towards
weights that are good for buildings in general: a few weeks of errors say little about the best mixture.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A day's weight relative to the day after it.
DISCOUNT = 0.985
#: Strength of the pull, relative to the members' mean squared error.
PULL = 0.1


def daily_weights(
    errors: NDArray[np.float64], prior: NDArray[np.float64], lead: int, discount: float = DISCOUNT, pull: float = PULL
) -> NDArray[np.float64]:
    """Weights for every day by the errors of days that had ended at its issue, shape `(buildings, days, members)`.

    `errors` has shape `(members, buildings, days, 24)`, NaN where a member or the meter said nothing.
    """
    known = np.where(np.isfinite(errors).all(axis=0), errors, 0.0)
    products = np.einsum("mbdh,nbdh->bdmn", known, known)
    weights = np.empty((*products.shape[:2], len(errors)))
    covariance = np.zeros((products.shape[0], len(errors), len(errors)))
    for day in range(products.shape[1]):
        if day - lead >= 1:
            covariance = discount * covariance + products[:, day - lead - 1]
        weights[:, day] = simplex_weights(covariance, prior, pull)
    return weights


def simplex_weights(covariance: NDArray[np.float64], prior: NDArray[np.float64], pull: float) -> NDArray[np.float64]:
    """Non-negative weights w that sum to 1 and minimise `w'Cw + pull tr(C)/m |w - prior|^2`; shape `(buildings, m)`.

    With few members every support can be tried: the minimum over the simplex is the best feasible one of them.
    """
    members = len(prior)
    size = np.maximum(np.trace(covariance, axis1=1, axis2=2) / members, 1e-12)
    quadratic = covariance + pull * size[:, None, None] * np.eye(members)
    linear = pull * size[:, None] * prior
    best, least = np.tile(prior, (len(covariance), 1)), np.full(len(covariance), np.inf)
    for count in range(1, members + 1):
        for support in combinations(range(members), count):
            found = _on_support(quadratic, linear, support)
            value = np.einsum("bm,bmn,bn->b", found, quadratic, found) - 2 * (linear * found).sum(axis=1)
            better = (found >= -1e-12).all(axis=1) & (value < least)
            best, least = np.where(better[:, None], found, best), np.where(better, value, least)
    return np.maximum(best, 0.0)


def _on_support(
    quadratic: NDArray[np.float64], linear: NDArray[np.float64], support: tuple[int, ...]
) -> NDArray[np.float64]:
    """Weights on `support` alone that sum to 1, by the Lagrange conditions; they may be negative."""
    chosen, count = list(support), len(support)
    system = np.zeros((len(quadratic), count + 1, count + 1))
    system[:, :count, :count] = quadratic[:, chosen][:, :, chosen]
    # The last row and column are the sum; scaling them keeps the system well conditioned.
    size = quadratic[:, chosen[0], chosen[0]]
    system[:, :count, count] = system[:, count, :count] = size[:, None]
    right = np.concatenate([linear[:, chosen], size[:, None]], axis=1)
    weights = np.zeros(linear.shape)
    weights[:, chosen] = np.linalg.solve(system, right[..., None])[:, :count, 0]
    return weights
