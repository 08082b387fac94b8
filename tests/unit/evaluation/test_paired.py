from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2, norm

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.paired import compare_auc, compare_proportion, compare_sensitivity, compare_specificity

#: Albumin, total protein, K-G score and whether surgery helped (1), of 43 of the 49 patients with ovarian cancer in
#: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845, as SAS/STAT's manual lists them (LOGISTIC, example 8).
TABLE = """
3.0 5.8 10 0   3.2 6.3  5 1   3.9 6.8  3 1   2.8 4.8  6 0   3.2 5.8  3 1   0.9 4.0  5 0   2.5 5.7  8 0
1.6 5.6  5 1   3.8 5.7  5 1   3.7 6.7  6 1   3.2 5.4  4 1   3.8 6.6  6 1   4.1 6.6  5 1   3.6 5.7  5 1
4.3 7.0  4 1   3.6 6.7  4 0   2.3 4.4  6 1   4.2 7.6  4 0   4.0 6.6  6 0   3.5 5.8  6 1   3.8 6.8  7 1
3.0 4.7  8 0   4.5 7.4  5 1   3.7 7.4  5 1   3.1 6.6  6 1   4.1 8.2  6 1   4.3 7.0  5 1   4.3 6.5  4 1
3.2 5.1  5 1   2.6 4.7  6 1   3.3 6.8  6 0   1.7 4.0  7 0   3.7 6.1  5 1   3.3 6.3  7 1   4.2 7.7  6 1
3.5 6.2  5 1   2.9 5.7  9 0   2.1 4.8  7 1   2.8 6.2  8 0   4.0 7.0  7 1   3.3 5.7  6 1   3.7 6.9  5 1
3.6 6.6  5 1
"""
PATIENTS = np.array(TABLE.split(), dtype=float).reshape(-1, 4)
HELPED, ALBUMIN, PROTEIN, KG_SCORE = PATIENTS[:, 3], PATIENTS[:, 0], PATIENTS[:, 1], 10 - PATIENTS[:, 2]


def error_of(difference_low: float, difference_high: float) -> float:
    return float((difference_high - difference_low) / (2 * norm.ppf(0.975)))


@pytest.mark.parametrize(
    ("test", "published", "error", "bounds", "p_value"),
    [
        (ALBUMIN, 0.0108, 0.0953, (-0.1761, 0.1976), 0.9102),
        (PROTEIN, -0.0780, 0.1046, (-0.2830, 0.1271), 0.4561),
    ],
)
def test_delong_gives_the_published_contrasts(
    test: Numbers, published: float, error: float, bounds: tuple[float, float], p_value: float
) -> None:
    """SAS/STAT's manual, LOGISTIC, example 8: each test against the K-G score."""
    found = compare_auc(HELPED, test, KG_SCORE)
    assert found.difference.value == pytest.approx(published, abs=5e-5)
    assert error_of(found.difference.low, found.difference.high) == pytest.approx(error, abs=5e-5)
    assert (found.difference.low, found.difference.high) == pytest.approx(bounds, abs=6e-5)
    assert found.p_value == pytest.approx(p_value, abs=5e-5)
    assert (found.test, found.difference.method, found.difference.n) == ("DeLong", "DeLong", 43)


def test_delong_gives_the_published_joint_test_of_three() -> None:
    """The same example's joint contrast: chi-square 2.5340 on 2 degrees of freedom, p = 0.2817."""
    pairs = [(ALBUMIN, KG_SCORE), (PROTEIN, KG_SCORE), (ALBUMIN, PROTEIN)]
    found = [compare_auc(HELPED, new, old).difference for new, old in pairs]
    first, second, between = (error_of(each.low, each.high) ** 2 for each in found)
    shared = (first + second - between) / 2
    contrast = np.array([found[0].value, found[1].value])
    statistic = float(contrast @ np.linalg.solve([[first, shared], [shared, second]], contrast))
    assert statistic == pytest.approx(2.5340, abs=5e-5)
    assert chi2.sf(statistic, 2) == pytest.approx(0.2817, abs=5e-5)


def two_scores(rng: np.random.Generator, each: int, first: float, second: float) -> tuple[Numbers, Numbers, Numbers]:
    labels, case = np.repeat([0.0, 1.0], each), rng.normal(size=2 * each)
    return (
        labels,
        labels * first + 0.8 * case + 0.6 * rng.normal(size=2 * each),
        labels * second + 0.8 * case + 0.6 * rng.normal(size=2 * each),
    )


def test_delong_agrees_with_a_bootstrap_and_its_p_value() -> None:
    labels, new, old = two_scores(np.random.default_rng(11), 200, 1.2, 1.0)
    delong = compare_auc(labels, new, old)
    stratified = compare_auc(labels, new, old, strata=labels, resampling=Resampling(replicates=4000))
    assert stratified.difference.value == pytest.approx(delong.difference.value)
    assert (stratified.difference.low, stratified.difference.high) == pytest.approx(
        (delong.difference.low, delong.difference.high), abs=0.006
    )
    assert stratified.p_value == pytest.approx(delong.p_value, abs=0.02)
    assert stratified.test == "bootstrap over 400 cases in 2 strata, 4000 replicates, seed 0"


def test_cluster_bootstrap_agrees_with_resampling_written_out() -> None:
    rng = np.random.default_rng(12)
    labels, new, old = two_scores(rng, 30, 1.0, 0.7)
    groups = rng.permutation(np.repeat(np.arange(20), 3))
    found = compare_auc(labels, new, old, groups, resampling=Resampling(replicates=300))

    def auc(picked: Numbers, score: Numbers) -> float:
        high, low = score[picked][labels[picked] == 1], score[picked][labels[picked] == 0]
        return float((high[:, None] > low).mean())  # without ties in the scores

    rng, values = np.random.default_rng(0), []
    for _ in range(300):
        times = rng.multinomial(20, [1 / 20] * 20)
        picked = np.concatenate([np.tile(np.flatnonzero(groups == g), times[g]) for g in range(20)])
        values.append(auc(picked, new) - auc(picked, old))
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
    below, above = sum(v <= 0 for v in values), sum(v >= 0 for v in values)
    assert found.p_value == pytest.approx(2 * (1 + min(below, above)) / 301)


def test_delong_rejects_an_equal_pair_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(13)
    rejected = sum(compare_auc(*two_scores(rng, 60, 1.0, 1.0)).p_value < 0.05 for _ in range(500))
    assert binomtest(rejected, 500, 0.05).pvalue > 0.001


def test_two_that_rank_alike_do_not_differ() -> None:
    scores = np.random.default_rng(14).normal(size=30)
    found = compare_auc(np.arange(30) % 2, scores, np.exp(scores))
    assert (found.difference.value, found.difference.low, found.difference.high, found.p_value) == (0, 0, 0, 1)


def test_two_that_both_separate_are_not_known_to_be_equal() -> None:
    labels, scores = np.repeat([0, 1], [30, 10]), np.arange(40.0)
    other = np.concatenate([scores[:30][::-1], scores[30:]])
    found = compare_auc(labels, scores, other)
    bound = 1 - 0.025 ** (1 / 10)
    assert (found.difference.value, found.difference.low, found.difference.high) == pytest.approx((0, -bound, bound))
    opposite = compare_auc(labels, scores, -scores)
    assert opposite.difference.value == 1.0
    assert opposite.difference.low == pytest.approx(2 * 0.025 ** (1 / 10) - 1)
    assert opposite.p_value == pytest.approx(binomtest(10, 10).pvalue)


def test_sensitivities_are_compared_by_mcnemar_among_the_abnormal() -> None:
    labels = np.repeat([1, 0], [50, 40])
    new = np.concatenate([np.repeat([1, 1, 0, 0], [30, 9, 3, 8]), np.repeat([1, 0], [10, 30])])
    old = np.concatenate([np.repeat([1, 0, 1, 0], [30, 9, 3, 8]), np.repeat([1, 0], [6, 34])])
    found = compare_sensitivity(labels, new, old)
    assert (found.difference.value, found.difference.n) == pytest.approx((6 / 50, 50))
    assert found.p_value == pytest.approx(binomtest(9, 12).pvalue)
    assert found.test == "McNemar exact"
    assert found.difference.method == "Tango score over 50 cases, 12 discordant"
    specific = compare_specificity(labels, new, old)
    assert (specific.difference.value, specific.difference.n) == pytest.approx((-4 / 40, 40))


def test_no_discordant_case_is_not_certainty() -> None:
    alone = compare_proportion([1, 0] * 20, [1, 0] * 20)
    assert alone.difference.low < 0 < alone.difference.high
    grouped = compare_proportion([1, 0] * 20, [1, 0] * 20, groups=np.arange(40) // 4)
    assert grouped.difference.high == pytest.approx(norm.ppf(0.975) ** 2 / (10 + norm.ppf(0.975) ** 2), abs=1e-9)
    assert grouped.difference.method == "Tango score over 10 groups, 0 discordant"


def test_copies_do_not_make_a_comparison_surer_when_groups_are_told() -> None:
    rng = np.random.default_rng(15)
    new, old = rng.random(60) < 0.8, rng.random(60) < 0.6
    once = compare_proportion(new, old, groups=np.arange(60))
    copied = compare_proportion(np.repeat(new, 4), np.repeat(old, 4), groups=np.repeat(np.arange(60), 4))
    assert (copied.difference.low, copied.difference.high) == pytest.approx((once.difference.low, once.difference.high))
    assert copied.p_value == once.p_value


def test_a_comparison_reads_as_a_sentence() -> None:
    assert str(compare_auc(HELPED, PROTEIN, KG_SCORE)) == ("-0.08 [-0.28, 0.13], n = 43, p = 0.46 (DeLong, two-sided)")


def test_refusals() -> None:
    with pytest.raises(TooFewCasesError, match="no abnormal cases"):
        compare_sensitivity([0, 0, 0], [1, 0, 1], [1, 1, 1])
    with pytest.raises(EvaluationError, match="`new` 3, `old` 2"):
        compare_proportion([1, 0, 1], [1, 0])
    with pytest.raises(TooFewCasesError, match="two cases of each class"):
        compare_auc([0, 0, 1], [1, 2, 3], [3, 2, 1])
    with pytest.raises(EvaluationError, match="two strata"):
        compare_auc([0, 1, 0, 1], [1, 2, 4, 3], [2, 1, 3, 4], groups=[0, 0, 1, 1], strata=[0, 1, 0, 1])
