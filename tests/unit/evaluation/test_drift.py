from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ks_2samp, norm

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.drift import (
    Drift,
    Drifted,
    kolmogorov_smirnov,
    maximum_mean_discrepancy,
    population_stability,
)
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import TooFew

FEW = Resampling(replicates=50)


def measured(found: Drifted) -> Drift:
    assert isinstance(found, Drift)
    return found


def normal(seed: int, n: int, *shape: int, shift: float = 0.0) -> Numbers:
    return np.random.default_rng(seed).normal(shift, 1.0, size=(n, *shape))


def test_population_stability_is_that_of_shares_by_hand() -> None:
    """100 reference cases ten to a bin; 200 current ones, all in the lower half, 40 to a bin."""
    reference, current = np.arange(100.0), np.repeat(np.arange(50.0), 4)
    found = measured(population_stability(reference, current))
    before, now = np.full(10, 10.5 / 105), np.repeat([40.5, 0.5], 5) / 205
    assert found.statistic == pytest.approx(((now - before) * np.log(now / before)).sum())
    assert found.size.value == found.statistic
    assert found.alarm


def test_population_stability_without_drift_follows_its_distribution() -> None:
    rng = np.random.default_rng(91)
    values = [
        measured(population_stability(rng.normal(size=400), rng.normal(size=300), resampling=FEW)) for _ in range(150)
    ]
    below = sum(each.p_value < 0.05 for each in values)
    # Bins are drawn by the reference itself, which takes its share of chance away: a little too careful.
    assert below <= 15
    assert np.mean([each.statistic for each in values]) == pytest.approx(9 * (1 / 400 + 1 / 300), rel=0.15)
    assert not any(each.alarm for each in values)


def test_zeros_are_a_bin_of_their_own() -> None:
    """Half of the reference is 0, as idle meters are; now they show a little more than 0."""
    busy = np.linspace(1, 10, 100)
    found = measured(population_stability([*np.zeros(100), *busy], [*np.full(100, 0.01), *busy], resampling=FEW))
    assert found.alarm


def test_few_cases_need_more_than_custom_asks() -> None:
    few = measured(population_stability(normal(92, 60), normal(93, 60), resampling=FEW))
    many = measured(population_stability(normal(92, 2000), normal(93, 2000), resampling=FEW))
    assert few.threshold == pytest.approx(21.666 * 2 / 60, rel=1e-3)  # chi-square with 9 degrees of freedom, 1 %
    assert few.source == "chi-square distribution at level 0.01"
    assert (many.threshold, many.source) == (0.25, "custom of credit scoring (Siddiqi 2006)")


def test_kolmogorov_smirnov_is_scipys() -> None:
    reference, current = np.round(normal(94, 300), 1), np.round(normal(95, 200, shift=0.4), 1)
    found, theirs = measured(kolmogorov_smirnov(reference, current)), ks_2samp(reference, current, method="asymp")
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert found.alarm == (theirs.pvalue < 0.01)
    assert found.alarm


def test_the_distance_has_the_bootstrap_interval_written_out() -> None:
    reference, current = normal(96, 60), normal(97, 40, shift=1.0)
    found = measured(kolmogorov_smirnov(reference, current, resampling=Resampling(replicates=200)))
    rng, drawn = np.random.default_rng(0), []
    before, now = (rng.multinomial(n, [1 / n] * n, size=200) for n in (60, 40))
    for first, second in zip(before, now, strict=True):
        drawn.append(ks_2samp(np.repeat(reference, first), np.repeat(current, second)).statistic)
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert (found.size.low, found.size.high) == pytest.approx((min(low, found.statistic), high))
    assert found.size.method == "bootstrap of 60 reference and 40 current cases, 200 replicates, seed 0"


def pairwise_discrepancy(reference: Numbers, current: Numbers) -> float:
    """Gretton's unbiased estimate, pair by pair."""
    both = np.concatenate([reference, current])
    distances = [np.linalg.norm(a - b) for i, a in enumerate(both) for b in both[:i]]
    width = np.median(distances)

    def kernel(a: Numbers, b: Numbers) -> float:
        return float(np.exp(-(np.linalg.norm(a - b) ** 2) / (2 * width**2)))

    def within(cases: Numbers) -> float:
        pairs = [kernel(a, b) for i, a in enumerate(cases) for j, b in enumerate(cases) if i != j]
        return float(np.mean(pairs))

    across = np.mean([kernel(a, b) for a in reference for b in current])
    return within(reference) + within(current) - 2 * float(across)


def test_discrepancy_is_that_of_all_pairs() -> None:
    reference, current = normal(98, 24, 3), normal(99, 21, 3, shift=0.5)
    found = measured(maximum_mean_discrepancy(reference, current, permutations=20, resampling=FEW))
    assert found.statistic == pytest.approx(pairwise_discrepancy(reference, current))


def test_the_discrepancys_interval_is_that_of_resampling_written_out() -> None:
    reference, current = normal(108, 20, 2), normal(109, 22, 2, shift=0.8)
    few = Resampling(replicates=20)
    found = measured(maximum_mean_discrepancy(reference, current, permutations=5, resampling=few))
    both, sides = np.concatenate([reference, current]), np.repeat([0, 1], [20, 22])
    distances = np.linalg.norm(both[:, None] - both, axis=2)
    kernel = np.exp(-(distances**2) / (2 * np.median(distances[np.triu_indices(42, 1)]) ** 2))
    rng, values = np.random.default_rng(0), []
    draws = np.concatenate([rng.multinomial(n, [1 / n] * n, size=20) for n in (20, 22)], axis=1)
    for draw in draws:
        case = np.repeat(np.arange(42), draw)
        pairs = [(a, b) for a in case for b in case if a != b]  # a case and its copy are no pair
        first, second, across = (
            np.mean([kernel[a, b] for a, b in pairs if (sides[a], sides[b]) == which])
            for which in ((0, 0), (1, 1), (0, 1))
        )
        values.append(first + second - 2 * across)
    low, high = np.quantile(values, (0.025, 0.975))
    assert (found.size.low, found.size.high) == pytest.approx((min(low, found.statistic), max(high, found.statistic)))


def test_permutations_are_those_of_relabelling_and_measuring_again() -> None:
    """The threshold is the discrepancy of a permuted pooling, computed by the slow way on relabelled cases."""
    reference, current = normal(100, 20, 2), normal(101, 22, 2)
    found = measured(maximum_mean_discrepancy(reference, current, permutations=5, alpha=0.2, resampling=FEW))
    rng, both = np.random.default_rng(0), np.concatenate([reference, current])
    permuted = rng.permuted(np.tile(np.arange(42) < 20, (5, 1)), axis=1)
    values = [pairwise_discrepancy(both[first], both[~first]) for first in permuted]
    assert found.threshold == pytest.approx(sorted(values)[4])
    assert found.p_value == pytest.approx((1 + sum(v >= found.statistic for v in values)) / 6)


def test_discrepancy_rejects_without_drift_about_as_often_as_it_says() -> None:
    rng, rejected = np.random.default_rng(102), 0
    for _ in range(200):
        found = maximum_mean_discrepancy(
            rng.normal(size=(40, 4)), rng.normal(size=(30, 4)), permutations=99, resampling=Resampling(replicates=2)
        )
        rejected += measured(found).p_value <= 0.05
    assert binomtest(rejected, 200, 0.05).pvalue > 0.001


def test_discrepancy_sees_what_no_single_dimension_shows() -> None:
    """Two correlated dimensions lose their correlation; each alone stays standard normal."""
    rng = np.random.default_rng(103)
    shared = rng.normal(size=(300, 1))
    reference = np.sqrt(0.9) * shared + np.sqrt(0.1) * rng.normal(size=(300, 2))
    current = rng.normal(size=(300, 2))
    assert not measured(kolmogorov_smirnov(reference[:, 0], current[:, 0], resampling=FEW)).alarm
    found = measured(maximum_mean_discrepancy(reference, current, resampling=FEW))
    assert found.alarm
    assert found.source == "500 permutations, seed 0, at level 0.01"
    assert found.size.low > 0


def test_a_kernel_of_thousands_is_drawn_down() -> None:
    found = measured(
        maximum_mean_discrepancy(normal(104, 1500, 2), normal(105, 50, 2), permutations=20, resampling=FEW)
    )
    assert found.size.method.startswith("bootstrap of 1000 reference and 50 current cases")


@pytest.mark.parametrize("measure", [population_stability, kolmogorov_smirnov])
def test_a_clear_shift_alarms_and_none_does_not(measure: type) -> None:
    assert measure(normal(106, 500), normal(107, 500, shift=norm.ppf(0.75)), resampling=FEW).alarm
    assert not measure(normal(106, 500), normal(107, 500), resampling=FEW).alarm


def test_too_few_cases_raise_no_alarm_but_say_so() -> None:
    told = "at least 50 are needed both before and now"
    assert population_stability(normal(1, 500), normal(2, 12)) == TooFew(n=12, reason=told)
    assert isinstance(kolmogorov_smirnov(normal(1, 500), normal(2, 12)), TooFew)
    assert isinstance(maximum_mean_discrepancy(normal(1, 500, 2), normal(2, 12, 2)), TooFew)


def test_constant_inputs_do_not_drift() -> None:
    assert not measured(population_stability([1.0] * 100, [1.0] * 100)).alarm
    assert not measured(kolmogorov_smirnov([1.0] * 100, [1.0] * 100)).alarm
    assert not measured(maximum_mean_discrepancy(np.ones((30, 2)), np.ones((30, 2)), resampling=FEW)).alarm


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="same number of dimensions: `reference` 2, `current` 3"):
        maximum_mean_discrepancy(normal(1, 30, 2), normal(2, 30, 3))
    with pytest.raises(EvaluationError, match="table of rows and columns"):
        maximum_mean_discrepancy(normal(1, 30), normal(2, 30))
    with pytest.raises(EvaluationError, match="`alpha` lies between 0 and 1"):
        kolmogorov_smirnov(normal(1, 30), normal(2, 30), alpha=0)
