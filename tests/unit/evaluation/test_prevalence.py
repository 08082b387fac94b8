from __future__ import annotations

import numpy as np
import pytest

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.prevalence import at_prevalence
from samdrift_evaluation.proportions import proportion

#: 80 of 100 abnormal cases and 30 of 300 normal ones are recalled.
LABELS = np.repeat([1, 1, 0, 0], [80, 20, 30, 270])
RECALLED = np.repeat([1, 0, 1, 0], [80, 20, 30, 270])


def test_values_are_bayes_rule_on_a_thousand_women() -> None:
    """At 10 of 1,000: 8 of the 10 and 99 of the 990 are recalled."""
    found = at_prevalence(LABELS, RECALLED, 0.01)
    assert isinstance(found.ppv, Estimate)
    assert isinstance(found.npv, Estimate)
    assert found.ppv.value == pytest.approx(8 / 107)
    assert found.npv.value == pytest.approx(891 / 893)
    assert found.recall_rate.value == pytest.approx(107 / 1000)
    assert (found.ppv.n, found.npv.n, found.recall_rate.n) == (110, 290, 400)
    assert found.ppv.method == "Mercaldo logit, at prevalence 0.01"


def test_at_the_cases_own_prevalence_nothing_changes() -> None:
    found = at_prevalence(LABELS, RECALLED, 0.25)
    assert isinstance(found.ppv, Estimate)
    assert (found.ppv.value, found.recall_rate.value) == pytest.approx((80 / 110, 110 / 400))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Sensitivity 0.8, specificity 0.9, prevalence 0.01, as in 600 studies of 100 and 300."""
    rng, truths = np.random.default_rng(81), (8 / 107, 891 / 893, 107 / 1000)
    covered = np.zeros(3)
    for _ in range(600):
        recalled = rng.random(400) < np.where(LABELS == 1, 0.8, 0.1)
        found = at_prevalence(LABELS, recalled, 0.01)
        for i, (figure, truth) in enumerate(zip((found.ppv, found.npv, found.recall_rate), truths, strict=True)):
            assert isinstance(figure, Estimate)
            covered[i] += figure.low <= truth <= figure.high
    assert (covered >= 0.92 * 600).all(), covered  # 95 % less three and a half standard deviations
    assert (covered <= 0.98 * 600).all(), covered


def test_the_recall_rate_combines_two_of_wilsons() -> None:
    """Zou and Donner: each bound is as far off as the two shares' bounds together, by Pythagoras."""
    found, ill, well = at_prevalence(LABELS, RECALLED, 0.2).recall_rate, proportion(80, 100), proportion(30, 300)
    down = np.hypot(0.2 * (ill.value - ill.low), 0.8 * (well.value - well.low))
    up = np.hypot(0.2 * (ill.high - ill.value), 0.8 * (well.high - well.value))
    assert (found.low, found.high) == pytest.approx((found.value - down, found.value + up))


def test_with_groups_it_is_the_bootstrap_written_out() -> None:
    rng = np.random.default_rng(82)
    order, groups = rng.permutation(400), np.arange(400) // 4
    labels, recalled = LABELS[order], RECALLED[order]
    found = at_prevalence(labels, recalled, 0.01, groups, resampling=Resampling(replicates=200))
    rng, ppvs, rates = np.random.default_rng(0), [], []
    for _ in range(200):
        picked = np.repeat(np.arange(400), np.repeat(rng.multinomial(100, [1 / 100] * 100), 4))
        sensitivity, needless = (
            recalled[picked][labels[picked] == 1].mean(),
            recalled[picked][labels[picked] == 0].mean(),
        )
        rates.append(0.01 * sensitivity + 0.99 * needless)
        ppvs.append(0.01 * sensitivity / rates[-1])
    assert isinstance(found.ppv, Estimate)
    for figure, values in ((found.ppv, ppvs), (found.recall_rate, rates)):
        assert (figure.low, figure.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
        assert figure.method == "cluster bootstrap over 100 groups, 200 replicates, seed 0, at prevalence 0.01"


@pytest.mark.parametrize("groups", [None, np.arange(60)])
def test_an_empty_cell_is_not_certainty(groups: object) -> None:
    labels, recalled = np.repeat([1, 0], [20, 40]), np.repeat([1, 0], [20, 40])
    found = at_prevalence(labels, recalled, 0.01, groups)  # type: ignore[arg-type]  # None or an array
    assert isinstance(found.ppv, Estimate)
    assert found.ppv.value == 1
    assert found.ppv.low < 0.3  # 40 normal cases say little about a false positive rate
    assert found.ppv.method.startswith("Mercaldo adjusted logit")
    assert found.recall_rate.high > 0.05


def test_nothing_recalled_has_no_predictive_value() -> None:
    found = at_prevalence(LABELS, np.zeros(400), 0.01)
    assert found.ppv == TooFew(n=0, reason="nothing was recalled")
    assert at_prevalence(LABELS, np.ones(400), 0.01).npv == TooFew(n=0, reason="everything was recalled")


def test_a_percentage_is_refused() -> None:
    with pytest.raises(EvaluationError, match="`prevalence` lies between 0 and 1, both excluded, not at 6"):
        at_prevalence(LABELS, RECALLED, 6)
