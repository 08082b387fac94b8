"""Whether what comes in, or what goes out, still looks like what the model was evaluated on.

Each measure says what its threshold is and where that comes from. An alarm says that something moved, not that the
model got worse: only truth that arrives later (`cusum.py`) says that. The level `alpha` holds for one look: five
measures looked at every week at 0.01 raise a false alarm about every twentieth week. Give each measure one number
for each independent unit (the exam, not the view), or it takes copies for evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, finite, fraction, table
from samdrift_evaluation.bootstrap import Draws, Resampling
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew

#: Expected cases in a bin of the population stability index, below which it says TooFew.
LEAST_IN_BIN = 5
#: Cases on either side below which the other measures say TooFew.
LEAST = 20
#: "Significant shift" of credit scoring: Siddiqi, Credit Risk Scorecards, Wiley 2006. A custom, not a test.
SIGNIFICANT_SHIFT = 0.25
#: Embeddings taken from either side, drawn at random where there are more: the kernel has the square of it.
MOST_EMBEDDINGS = 1000


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One measure of drift."""

    #: "population stability index", "Kolmogorov-Smirnov distance", "maximum mean discrepancy", "calibration CUSUM"
    measure: str
    #: What is compared with the threshold.
    statistic: float
    threshold: float
    #: Where the threshold comes from.
    source: str
    #: How large the drift is: the statistic itself, or for a CUSUM the mean residual.
    size: Estimate
    #: Probability of a statistic as large without drift.
    p_value: float
    #: For a CUSUM: index of the case from which on the sum grew to its largest value.
    since: int | None = None

    @property
    def alarm(self) -> bool:
        """Whether the statistic is above its threshold."""
        return self.statistic > self.threshold


#: What every measure gives.
Drifted: TypeAlias = Drift | TooFew


def population_stability(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    bins: int = 10,
    alpha: float = 0.01,
    resampling: Resampling | None = None,
) -> Drifted:
    """Population stability index of one number per case (a score, an input) over quantiles of `reference`.

    Shares have half a case added to each bin, so that an empty one does not make the index infinite. The threshold is
    the custom of 0.25, or where few cases would pass that by chance the quantile of the index's distribution without
    drift: (1/n + 1/m) times chi-square with bins - 1 degrees of freedom (Yurdakul & Naranjo, Journal of Risk Model
    Validation 14 (2020)). Resampling adds to the index, so its upper bound is on the large side.
    """
    from scipy.stats import chi2

    before, now, level = finite("reference", reference), finite("current", current), fraction("alpha", alpha)
    if bins < 2:
        raise EvaluationError("The population stability index needs at least two bins.", field="bins")
    if min(len(before), len(now)) < LEAST_IN_BIN * bins:
        return _too_few(before, now, LEAST_IN_BIN * bins)
    counts = _binned(before, now, bins)
    value, scale = float(_stability(counts[0], counts[1])), 1 / len(before) + 1 / len(now)
    freedom = max(1, counts.shape[1] - 1)
    by_chance = scale * float(chi2.isf(level, freedom))
    custom = by_chance <= SIGNIFICANT_SHIFT
    return Drift(
        measure="population stability index",
        statistic=value,
        threshold=SIGNIFICANT_SHIFT if custom else by_chance,
        source="custom of credit scoring (Siddiqi 2006)" if custom else f"chi-square distribution at level {level:g}",
        size=_index_estimate(value, counts, resampling or Resampling()),
        p_value=float(chi2.sf(value / scale, freedom)),
    )


def kolmogorov_smirnov(
    reference: ArrayLike, current: ArrayLike, *, alpha: float = 0.01, resampling: Resampling | None = None
) -> Drifted:
    """Largest distance, 0 to 1, of the two distribution functions of one number per case.

    The threshold is the quantile of the distance's distribution without drift (Massey, J. Am. Stat. Assoc. 46 (1951)
    68-78, in the two samples' form); ties make it a careful one. Resampling adds to the distance, so its upper bound
    is on the large side.
    """
    from scipy.stats import kstwo

    before, now, level = finite("reference", reference), finite("current", current), fraction("alpha", alpha)
    if min(len(before), len(now)) < LEAST:
        return _too_few(before, now, LEAST)
    distance, chosen = _distance(before, now), resampling or Resampling(replicates=500)
    value = float(distance(np.ones((1, len(before) + len(now))))[0])
    effective = round(len(before) * len(now) / (len(before) + len(now)))
    return Drift(
        measure="Kolmogorov-Smirnov distance",
        statistic=value,
        threshold=float(kstwo.isf(level, effective)),
        source=f"Kolmogorov-Smirnov distribution at level {level:g}",
        size=_two_samples(value, distance, len(before), len(now), chosen),
        p_value=float(kstwo.sf(value, effective)),
    )


def maximum_mean_discrepancy(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    alpha: float = 0.01,
    permutations: int = 500,
    resampling: Resampling | None = None,
) -> Drifted:
    """Squared maximum mean discrepancy of embeddings, arrays of shape (cases, dimensions), unbiased.

    Gretton et al., Journal of Machine Learning Research 13 (2012) 723-773: Gaussian kernel as wide as the median
    distance, 0 expected without drift. The threshold is the quantile of the same number after permuting which case
    came when. Of more than 1,000 cases on a side 1,000 are drawn at random. The interval is a bootstrap's, and too
    narrow near 0, where the permutations decide.
    """
    before, now, level = table("reference", reference), table("current", current), fraction("alpha", alpha)
    if before.shape[1] != now.shape[1]:
        told = f"`reference` {before.shape[1]}, `current` {now.shape[1]}"
        raise EvaluationError(f"Embeddings must have the same number of dimensions: {told}.", field="current")
    if min(len(before), len(now)) < LEAST:
        return _too_few(before, now, LEAST)
    chosen = resampling or Resampling(replicates=500)
    rng = np.random.default_rng(chosen.seed)
    kept = _some(before, rng), _some(now, rng)
    kernel, first = _kernel(np.concatenate(kept)), np.arange(sum(map(len, kept))) < len(kept[0])
    value = float(_discrepancy(kernel, first)(np.ones((1, len(first))))[0])
    permuted = _permuted(kernel, first, permutations, rng)
    return Drift(
        measure="maximum mean discrepancy",
        statistic=value,
        threshold=float(np.quantile(permuted, 1 - level, method="higher")),
        source=f"{permutations} permutations, seed {chosen.seed}, at level {level:g}",
        size=_two_samples(value, _discrepancy(kernel, first), len(kept[0]), len(kept[1]), chosen),
        p_value=(1 + int((permuted >= value).sum())) / (1 + permutations),
    )


def _too_few(before: Numbers, now: Numbers, least: int) -> TooFew:
    return TooFew(n=min(len(before), len(now)), reason=f"at least {least} are needed both before and now")


def _binned(before: Numbers, now: Numbers, bins: int) -> NDArray[np.int64]:
    """Cases in each bin, shape (2, bins); equal quantiles of `before` fall together."""
    edges = np.unique(np.quantile(before, np.arange(1, bins) / bins))
    places = (np.searchsorted(edges, each, side="left") for each in (before, now))
    return np.stack([np.bincount(place, minlength=len(edges) + 1) for place in places])


def _stability(before: NDArray[np.int64], now: NDArray[np.int64]) -> Numbers:
    """The index of counts, shape (…, bins)."""
    first, second = ((each + 0.5) / (each + 0.5).sum(axis=-1, keepdims=True) for each in (before, now))
    index: Numbers = ((second - first) * np.log(second / first)).sum(axis=-1)
    return index


def _index_estimate(value: float, counts: NDArray[np.int64], resampling: Resampling) -> Estimate:
    """Counts of resampled cases are multinomial, so cases need not be drawn one by one."""
    rng, totals = np.random.default_rng(resampling.seed), counts.sum(axis=1)
    drawn = [
        rng.multinomial(total, each / total, size=resampling.replicates)
        for each, total in zip(counts, totals, strict=True)
    ]
    return _stretched(value, _stability(drawn[0], drawn[1]), totals[0], totals[1], resampling)


def _distance(before: Numbers, now: Numbers) -> Callable[[Numbers], Numbers]:
    both = np.concatenate([before, now])
    order = np.argsort(both, kind="stable")
    first, ends = (np.arange(len(both)) < len(before))[order], np.flatnonzero(np.diff(both[order], append=np.inf))

    def distance(weights: Numbers) -> Numbers:
        ordered = weights[:, order]
        risen = [np.cumsum(ordered * which, axis=1)[:, ends] for which in (first, ~first)]
        largest: Numbers = np.abs(risen[0] / risen[0][:, -1:] - risen[1] / risen[1][:, -1:]).max(axis=1)
        return largest

    return distance


def _some(embeddings: Numbers, rng: np.random.Generator) -> Numbers:
    if len(embeddings) <= MOST_EMBEDDINGS:
        return embeddings
    return embeddings[rng.choice(len(embeddings), MOST_EMBEDDINGS, replace=False)]


def _kernel(embeddings: Numbers) -> Numbers:
    """Gaussian kernel of all pairs, 0 on the diagonal: a case is not compared with itself."""
    from scipy.spatial.distance import pdist, squareform

    distances = pdist(embeddings)
    width = float(np.median(distances)) or 1.0
    pairs: Numbers = squareform(np.exp(-(distances**2) / (2 * width**2)))
    return pairs


def _discrepancy(kernel: Numbers, first: NDArray[np.bool_]) -> Callable[[Numbers], Numbers]:
    """Of how often each case counts, shape (replicates, cases); copies of one case are no pair."""

    def discrepancy(weights: Numbers) -> Numbers:
        before, now = weights * first, weights * ~first
        return _mean_pair(kernel, before) + _mean_pair(kernel, now) - 2 * _mean_cross(kernel, before, now)

    return discrepancy


def _mean_pair(kernel: Numbers, weights: Numbers) -> Numbers:
    pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    mean: Numbers = ((weights @ kernel) * weights).sum(axis=1) / pairs
    return mean


def _mean_cross(kernel: Numbers, before: Numbers, now: Numbers) -> Numbers:
    mean: Numbers = ((before @ kernel) * now).sum(axis=1) / (before.sum(axis=1) * now.sum(axis=1))
    return mean


def _permuted(kernel: Numbers, first: NDArray[np.bool_], permutations: int, rng: np.random.Generator) -> Numbers:
    """The discrepancy after each permutation, from one product with the kernel."""
    before = rng.permuted(np.tile(first, (permutations, 1)), axis=1).astype(np.float64)
    n, m, of_case = int(first.sum()), int((~first).sum()), kernel.sum(axis=1)
    within = ((before @ kernel) * before).sum(axis=1)
    across = before @ of_case - within
    other = of_case.sum() - within - 2 * across
    values: Numbers = within / (n * (n - 1)) + other / (m * (m - 1)) - 2 * across / (n * m)
    return values


def _two_samples(
    value: float, statistic: Callable[[Numbers], Numbers], before: int, now: int, resampling: Resampling
) -> Estimate:
    def of_draws(draws: Draws) -> Numbers:
        return statistic(draws.astype(np.float64))

    sides = (np.arange(before + now) >= before).astype(np.intp)
    return _stretched(value, resampling.replicated(of_draws, before + now, sides), before, now, resampling)


def _stretched(value: float, replicates: Numbers, before: int, now: int, resampling: Resampling) -> Estimate:
    """Percentiles, stretched to hold the value: resampling adds to a distance."""
    low, high = resampling.bounds(replicates)
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=int(now),
        method=resampling.told(f"bootstrap of {before} reference and {now} current cases"),
        confidence=resampling.confidence,
    )
