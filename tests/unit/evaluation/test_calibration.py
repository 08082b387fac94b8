from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.calibration import brier, calibration_error, calibration_line, reliability
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError


def cases(seed: int, n: int = 400, *, intercept: float = 0.0, slope: float = 1.0) -> tuple[Numbers, Numbers]:
    """Outcomes whose true logit is intercept + slope * the stated one."""
    rng = np.random.default_rng(seed)
    stated = expit(rng.normal(-1.0, 1.2, size=n))
    return (rng.random(n) < expit(intercept + slope * logit(stated))).astype(float), stated


def test_the_curve_is_sklearns_with_bins_of_equal_mass() -> None:
    labels, stated = cases(41)
    observed, expected = calibration_curve(labels, stated, n_bins=10, strategy="quantile")
    bins = reliability(labels, stated)
    assert [each.expected for each in bins] == pytest.approx(list(expected))
    assert [each.observed.value for each in bins] == pytest.approx(list(observed))
    assert [each.observed.n for each in bins] == [40] * 10
    assert all(each.observed.method == "Wilson score" for each in bins)


def test_equal_probabilities_stay_together() -> None:
    bins = reliability([0, 1] * 50, [0.2] * 70 + [0.6] * 30)
    assert [each.expected for each in bins] == pytest.approx([0.2, 0.6])
    assert [each.observed.n for each in bins] == [70, 30]


def test_a_probability_that_straddles_two_bins_lies_where_its_middle_does() -> None:
    """Of 200 cases in two bins, 0.2 takes the ranks 50 to 150: its middle is where the upper bin begins."""
    bins = reliability([0, 1] * 100, np.repeat([0.1, 0.2, 0.3], [50, 100, 50]), bins=2)
    assert [each.observed.n for each in bins] == [50, 150]


def test_a_bin_of_one_woman_knows_nothing() -> None:
    bins = reliability([0, 1, 1, 0], [0.1, 0.1, 0.9, 0.9], groups=["a", "a", "b", "c"], bins=2)
    assert (bins[0].observed.low, bins[0].observed.high, bins[0].observed.method) == (0, 1, "one group only")


def test_brier_is_sklearns_and_its_interval_the_bootstrap_written_out() -> None:
    labels, stated = cases(42, 120)
    groups = np.arange(120) // 3
    found = brier(labels, stated, groups, resampling=Resampling(replicates=200))
    assert found.value == pytest.approx(brier_score_loss(labels, stated))
    rng, values = np.random.default_rng(0), []
    for _ in range(200):
        drawn = np.repeat(np.arange(40), rng.multinomial(40, [1 / 40] * 40))
        picked = (drawn[:, None] * 3 + np.arange(3)).ravel()
        values.append(brier_score_loss(labels[picked], stated[picked]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
    assert found.method == "cluster bootstrap over 40 groups, 200 replicates, seed 0"


def test_no_error_at_all_is_not_certainty() -> None:
    found = brier([0, 1] * 20, [0.0, 1.0] * 20)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 1 - 0.025 ** (1 / 40)))


def test_calibration_error_is_the_mean_gap_of_the_curve() -> None:
    labels, stated = cases(43, 300, slope=0.5)
    order, gap = np.argsort(stated), 0.0
    for part in np.array_split(order, 10):
        gap += abs(labels[part].mean() - stated[part].mean()) * len(part) / 300
    found = calibration_error(labels, stated)
    assert found.value == pytest.approx(gap)
    assert found.low <= found.value <= found.high
    assert found.method.endswith("10 bins of equal mass")


def test_calibration_error_tells_good_from_bad_and_its_bound_is_careful() -> None:
    good, bad = calibration_error(*cases(44, 2000)), calibration_error(*cases(44, 2000, intercept=1.0))
    assert good.high < bad.low
    true_gaps = [calibration_error(*cases(seed, 400), resampling=Resampling(replicates=200)) for seed in range(12)]
    assert all(each.high > 0 for each in true_gaps)
    assert np.mean([each.value for each in true_gaps]) > 0.02  # a perfect model does not show 0 with 400 cases


def test_the_line_is_that_of_a_general_optimiser() -> None:
    labels, stated = cases(45, 300, intercept=0.4, slope=0.7)
    x = logit(stated)

    def loss(b: Numbers) -> float:
        logits = b[0] + b[1] * x
        return float((np.logaddexp(0, logits) - labels * logits).sum())

    fitted = minimize(loss, [0, 1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}).x
    large = minimize(lambda a: loss(np.array([a[0], 1.0])), [0], method="Nelder-Mead", options={"xatol": 1e-9}).x
    line = calibration_line(labels, stated)
    assert line.slope.value == pytest.approx(fitted[1], abs=1e-6)
    assert line.intercept.value == pytest.approx(large[0], abs=1e-6)
    step, curve = 1e-4, np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            a, b = np.eye(2)[i] * step, np.eye(2)[j] * step
            curve[i, j] = (
                loss(fitted + a + b) - loss(fitted + a - b) - loss(fitted - a + b) + loss(fitted - a - b)
            ) / (4 * step**2)
    error = np.sqrt(np.linalg.inv(curve)[1, 1])
    assert (line.slope.high - line.slope.low) / (2 * 1.959964) == pytest.approx(error, rel=1e-3)


def test_the_line_covers_the_truth_about_as_often_as_it_says() -> None:
    lines = [calibration_line(*cases(seed, 300, slope=0.7)) for seed in range(300)]
    covered = sum(line.slope.low <= 0.7 <= line.slope.high for line in lines)
    assert 272 <= covered <= 296  # 95 % of 300 is 285; three and a half standard deviations


def test_copies_do_not_make_the_line_surer_when_groups_are_told() -> None:
    labels, stated = cases(46, 200)
    once = calibration_line(labels, stated, groups=np.arange(200)).slope
    copied = calibration_line(np.repeat(labels, 4), np.repeat(stated, 4), groups=np.repeat(np.arange(200), 4)).slope
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), rel=1e-6)
    alone = calibration_line(labels, stated).slope
    assert (once.low, once.high) == pytest.approx((alone.low, alone.high), abs=0.1)  # robust and model-based agree
    assert copied.method == "cluster-robust Wald over 200 groups"


def test_the_robust_error_is_liang_and_zegers_group_by_group() -> None:
    labels, stated = cases(47, 60)
    groups = np.arange(60) // 5
    slope = calibration_line(labels, stated, groups).slope
    x = np.column_stack([np.ones(60), logit(stated)])
    # The fitted intercept belongs to the slope's model, so it is found again here.
    fitted = minimize(
        lambda b: float((np.logaddexp(0, x @ b) - labels * (x @ b)).sum()),
        [0, 1],
        method="BFGS",
        options={"gtol": 1e-9},
    ).x
    risk = expit(x @ fitted)
    bread = np.linalg.inv(sum(np.outer(row, row) * r * (1 - r) for row, r in zip(x, risk, strict=True)))
    meat = np.zeros((2, 2))
    for group in range(12):
        score = sum(x[i] * (labels[i] - risk[i]) for i in range(60) if groups[i] == group)
        meat += np.outer(score, score)
    error = np.sqrt((bread @ meat @ bread)[1, 1] * 12 / 11)
    assert (slope.high - slope.low) / (2 * 1.959964) == pytest.approx(error, rel=1e-4)


def test_what_allows_no_line_says_so() -> None:
    with pytest.raises(TooFewCasesError, match="separate completely"):
        calibration_line([0] * 10 + [1] * 10, np.linspace(0.1, 0.9, 20))
    with pytest.raises(TooFewCasesError, match="all the same"):
        calibration_line([0, 1] * 10, [0.5] * 20)
    with pytest.raises(TooFewCasesError, match="two cases of each class"):
        calibration_line([0] * 10, np.linspace(0.1, 0.9, 10))


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(EvaluationError, match="recalibrate scores first"):
        brier([0, 1], [0.2, 1.2])
    with pytest.raises(EvaluationError, match="0 bins hold no case"):
        reliability([0, 1], [0.2, 0.4], bins=0)
