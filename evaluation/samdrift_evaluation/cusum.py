"""Whether the model still means what it says, told from truth that arrives case by case: cumulative sums.

As in `drift.py`, the level `alpha` holds for one look at the whole sequence so far.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers, binary, finite, fraction, probabilities, same_length
from samdrift_evaluation.bootstrap import BLOCK, Resampling
from samdrift_evaluation.drift import LEAST, Drift, Drifted
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.units import units_of

#: Allowance of the residual CUSUM, in standard deviations: half of the shift that it finds soonest (Page 1954).
ALLOWANCE = 0.5


def calibration_cusum(
    labels: ArrayLike,
    stated: ArrayLike,
    *,
    odds_ratio: float = 2.0,
    alpha: float = 0.01,
    simulations: int = 2000,
    resampling: Resampling | None = None,
) -> Drifted:
    """Risk-adjusted CUSUM of outcomes against the probabilities `stated`, in the order in which truth arrived.

    Steiner et al., Biostatistics 1 (2000) 441-452: the log-likelihood ratio of odds that are `odds_ratio` times the
    stated ones, and of odds that many times smaller; the larger of the two sums counts. The threshold is the quantile
    of the same number over outcomes simulated from the stated probabilities, so it holds for this very sequence.
    `size` is the mean of outcome minus probability: above 0 when risks are stated too low.
    """
    positive, probability = binary("labels", labels).astype(np.float64), probabilities("stated", stated)
    n = same_length(labels=positive, stated=probability)
    if not odds_ratio > 1:
        raise EvaluationError(f"The odds ratio to be found lies above 1, not at {odds_ratio}.", field="odds_ratio")
    if n < LEAST:
        return TooFew(n=n, reason=f"at least {LEAST} outcomes are needed")
    chosen = resampling or Resampling()

    def simulated(rng: np.random.Generator, rows: int) -> Numbers:
        return _both_ways((rng.random((rows, n)) < probability).astype(np.float64), probability, odds_ratio)

    return _judged(
        "calibration CUSUM",
        _both_ways(positive[None, :], probability, odds_ratio),
        _quantiles(simulated, n, simulations, chosen.seed),
        f"{simulations} sequences simulated from the stated probabilities, seed {chosen.seed}",
        fraction("alpha", alpha),
        _mean(positive - probability, 1, chosen),
    )


def residual_cusum(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    block: int = 1,
    alpha: float = 0.01,
    simulations: int = 2000,
    resampling: Resampling | None = None,
) -> Drifted:
    """CUSUM, both ways, of residuals (measured minus expected) standardised by those of the evaluation.

    Page, Biometrika 41 (1954) 100-115, with an allowance of half a standard deviation. The threshold is the quantile
    of the same number over sequences drawn from `reference`, each against a reference that is drawn again as well, so
    that not knowing its mean exactly raises no alarms. `size` is the mean of `current` minus that of `reference`, in
    their unit.

    Args:
        reference: residuals of the evaluation, in order of time.
        current: residuals since then, in order of time.
        block: neighbouring values that are drawn together: 24 for hours that hang together over a day. Both
            sequences must then begin where a block does; a broken block at the end of `reference` is left out.
        alpha: level of one look.
        simulations: sequences drawn.
        resampling: of the interval of `size`; its seed is that of the simulations too.

    Returns:
        the measure, or TooFew with fewer than 20 blocks in `reference`, or fewer than 20 values or 2 blocks now.

    Raises:
        EvaluationError: a residual is missing, the reference ones are all the same, or `block` is below 1.
    """
    before, now = finite("reference", reference), finite("current", current)
    if block < 1:
        raise EvaluationError("A block holds at least one value.", field="block")
    count = len(before) // block
    if count < LEAST:
        return TooFew(n=count, reason=f"at least {LEAST} blocks of reference residuals are needed")
    if len(now) < (least := max(LEAST, 2 * block)):
        return TooFew(n=len(now), reason=f"at least {least} residuals are needed")
    centre, spread = float(before.mean()), float(before.std())
    if not spread > 0:
        raise EvaluationError("The reference residuals are all the same; there is no scale.", field="reference")
    chosen, blocks = resampling or Resampling(), (before[: count * block].reshape(count, block) - centre) / spread

    def simulated(rng: np.random.Generator, rows: int) -> Numbers:
        drawn = blocks[rng.integers(count, size=(rows, -(-len(now) // block)))].reshape(rows, -1)[:, : len(now)]
        return _either(_standardised(drawn, blocks, rng))

    return _judged(
        "residual CUSUM",
        _either(((now - centre) / spread)[None, :]),
        _quantiles(simulated, len(now), simulations, chosen.seed),
        f"{simulations} sequences of reference blocks of {block}, seed {chosen.seed}",
        fraction("alpha", alpha),
        _mean(now - centre, block, chosen),
    )


def cumulated(steps: Numbers) -> Numbers:
    """CUSUM of steps, shape (sequences, cases): each sum starts at 0 and never falls below it."""
    sums = np.cumsum(steps, axis=1)
    return sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0)


def _both_ways(positive: Numbers, probability: Numbers, odds_ratio: float) -> Numbers:
    """Sums towards higher and towards lower odds, shape (2, sequences, cases)."""
    return np.stack(
        [cumulated(positive * np.log(r) - np.log1p((r - 1) * probability)) for r in (odds_ratio, 1 / odds_ratio)]
    )


def _standardised(drawn: Numbers, blocks: Numbers, rng: np.random.Generator) -> Numbers:
    """Sequences, shape (sequences, cases), each by mean and spread of a reference that is drawn for it."""
    count = len(blocks)
    times = rng.multinomial(count, np.full(count, 1 / count), size=len(drawn)) / count
    mean, square = times @ blocks.mean(axis=1), times @ (blocks**2).mean(axis=1)
    spread: Numbers = np.sqrt(np.maximum(square - mean**2, np.finfo(np.float64).tiny))
    standardised: Numbers = (drawn - mean[:, None]) / spread[:, None]
    return standardised


def _either(standardised: Numbers) -> Numbers:
    """Sums upwards and downwards, shape (2, sequences, cases)."""
    return np.stack([cumulated(standardised - ALLOWANCE), cumulated(-standardised - ALLOWANCE)])


def _quantiles(
    simulated: Callable[[np.random.Generator, int], Numbers], n: int, simulations: int, seed: int
) -> Numbers:
    """The largest sum of each simulated sequence, in blocks that fit into memory."""
    rng, rows = np.random.default_rng(seed), max(1, BLOCK // n)
    starts = range(0, simulations, rows)
    return np.concatenate([simulated(rng, min(rows, simulations - start)).max(axis=(0, 2)) for start in starts])


def _judged(measure: str, sums: Numbers, without: Numbers, source: str, alpha: float, size: Estimate) -> Drift:
    """The largest of `sums`, shape (2, 1, cases), against those of sequences without drift."""
    way, _, at = np.unravel_index(int(sums.argmax()), sums.shape)
    statistic = float(sums.max())
    zeros = np.flatnonzero(sums[way, 0, : at + 1] <= 0)
    return Drift(
        measure=measure,
        statistic=statistic,
        threshold=float(np.quantile(without, 1 - alpha, method="higher")),
        source=f"{source}, at level {alpha:g}",
        size=size,
        p_value=(1 + int((without >= statistic).sum())) / (1 + len(without)),
        since=int(zeros[-1]) + 1 if zeros.size else 0,
    )


def _mean(residuals: Numbers, block: int, resampling: Resampling) -> Estimate:
    n = len(residuals)
    units = units_of(n, None if block == 1 else np.arange(n) // block)
    low, high = resampling.bounds(
        units.replicated(lambda weights: weights @ residuals / weights.sum(axis=1), resampling)
    )
    return Estimate(
        value=float(residuals.mean()),
        low=low,
        high=high,
        n=n,
        method=units.told(resampling),
        confidence=resampling.confidence,
    )
