from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_curve

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.operating_points import at_sensitivity, at_specificity, at_threshold, roc
from samdrift_evaluation.proportions import proportion


def cases(seed: int, normal: int = 150, abnormal: int = 60) -> tuple[Numbers, Numbers]:
    rng, labels = np.random.default_rng(seed), np.repeat([0.0, 1.0], [normal, abnormal])
    return labels, np.round(rng.normal(labels * 1.5, 1.0), 1)  # with ties


def test_a_fixed_threshold_counts_as_wilson_does() -> None:
    labels, scores = cases(61)
    found = at_threshold(labels, scores, 0.8)
    hits = int((scores[labels == 1] >= 0.8).sum())
    spared = int((scores[labels == 0] < 0.8).sum())
    assert found.sensitivity == proportion(hits, 60)
    assert found.specificity == proportion(spared, 150)
    assert found.recall_rate == proportion(hits + 150 - spared, 210)
    assert found.chosen is None


def test_the_curve_is_sklearns() -> None:
    labels, scores = cases(62)
    false_positive_rate, sensitivity, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    found = roc(labels, scores)
    assert found.sensitivity == pytest.approx(sensitivity)
    assert found.false_positive_rate == pytest.approx(false_positive_rate)
    assert found.thresholds[1:] == pytest.approx(thresholds[1:])
    assert found.thresholds[0] == np.inf


def highest_with_sensitivity(labels: Numbers, scores: Numbers, target: float) -> float:
    return float(max(t for t in set(scores) if (scores[labels == 1] >= t).mean() >= target))


def lowest_with_specificity(labels: Numbers, scores: Numbers, target: float) -> float:
    return float(min(t for t in set(scores) if (scores[labels == 0] < t).mean() >= target))


@pytest.mark.parametrize("target", [0.5, 0.8, 0.9, 0.95])
def test_thresholds_are_those_of_trying_them_all(target: float) -> None:
    labels, scores = cases(63)
    some = Resampling(replicates=50)
    sensitive = at_sensitivity(labels, scores, target, resampling=some)
    assert sensitive.threshold == highest_with_sensitivity(labels, scores, target)
    assert sensitive.sensitivity.value >= target
    specific = at_specificity(labels, scores, target, resampling=some)
    assert specific.threshold == lowest_with_specificity(labels, scores, target)
    assert specific.specificity.value >= target


def test_a_target_that_a_count_meets_exactly_is_met() -> None:
    """18 of 20 is 0.9, whatever rounding says."""
    found = at_sensitivity([0] * 20 + [1] * 20, [-1.0] * 20 + list(range(20)), 0.9, resampling=Resampling(replicates=9))
    assert (found.threshold, found.sensitivity.value) == (2.0, 0.9)


def test_the_interval_is_that_of_choosing_anew_written_out() -> None:
    labels, scores = cases(64, 60, 30)
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(30), 3))
    found = at_sensitivity(labels, scores, 0.8, groups, resampling=Resampling(replicates=150))
    rng, thresholds, spared, recalled = np.random.default_rng(0), [], [], []
    for _ in range(150):
        times = rng.multinomial(30, [1 / 30] * 30)
        picked = np.repeat(np.arange(90), times[groups])
        threshold = highest_with_sensitivity(labels[picked], scores[picked], 0.8)
        thresholds.append(threshold)
        spared.append((scores[picked][labels[picked] == 0] < threshold).mean())
        recalled.append((scores[picked] >= threshold).mean())
    assert found.chosen is not None
    for figure, values in ((found.chosen, thresholds), (found.specificity, spared), (found.recall_rate, recalled)):
        assert (figure.low, figure.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
        assert figure.method == "cluster bootstrap over 30 groups, 150 replicates, seed 0"


def test_specificity_at_a_sensitivity_covers_the_truth_about_as_often_as_it_says() -> None:
    """Normal scores 1.5 apart: at sensitivity 0.8 the threshold is 1.5 - z(0.8), the specificity its Phi."""
    rng, labels, truth = np.random.default_rng(65), np.repeat([0, 1], 150), norm.cdf(1.5 - norm.ppf(0.8))
    some, covered = Resampling(replicates=200), 0
    for _ in range(120):
        figure = at_sensitivity(labels, rng.normal(labels * 1.5, 1.0), 0.8, resampling=some).specificity
        covered += figure.low <= truth <= figure.high
    assert covered >= 106  # 95 % of 120 is 114; three and a half standard deviations


def test_not_knowing_the_threshold_widens_the_interval() -> None:
    labels, scores = cases(66)
    chosen = at_sensitivity(labels, scores, 0.8)
    fixed = at_threshold(labels, scores, chosen.threshold)
    assert chosen.specificity.high - chosen.specificity.low > 1.3 * (fixed.specificity.high - fixed.specificity.low)
    assert chosen.sensitivity == fixed.sensitivity


def test_complete_separation_is_not_certainty() -> None:
    found = at_sensitivity([0] * 30 + [1] * 10, range(40), 0.9)
    assert (found.specificity.value, found.specificity.high) == (1, 1)
    assert found.specificity.low == pytest.approx(0.025 ** (1 / 30))
    mirrored = at_specificity([0] * 30 + [1] * 10, range(40), 0.9)
    assert mirrored.sensitivity.low == pytest.approx(0.025 ** (1 / 10))


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="`target` lies between 0 and 1"):
        at_sensitivity([0, 0, 1, 1], [1, 2, 3, 4], 1.0)
    with pytest.raises(TooFewCasesError, match="two cases of each class"):
        at_threshold([0, 0, 0, 1], [1, 2, 3, 4], 2.0)
    with pytest.raises(EvaluationError, match="`groups` 3"):
        at_threshold([0, 0, 1, 1], [1, 2, 3, 4], 2.0, groups=["a", "b", "c"])
