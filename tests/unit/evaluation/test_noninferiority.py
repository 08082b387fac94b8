from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.noninferiority import non_inferiority
from samdrift_evaluation.paired import compare_auc, compare_sensitivity
from samdrift_evaluation.tango import tango_bounds

STUDIES, LEVEL = 1000, 0.025
#: Between these many of 1,000 studies a test of level 0.025 errs, in 99.9 % of all sets of 1,000.
OFTEN_ENOUGH = tuple(int(each) for each in binom.ppf((0.0005, 0.9995), STUDIES, LEVEL))


def difference(low: float, high: float) -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high, n=200, method="by hand")


def test_the_bound_decides_not_the_point() -> None:
    assert non_inferiority(difference(-0.04, 0.02), 0.05).non_inferior
    assert not non_inferiority(difference(-0.06, 0.10), 0.05).non_inferior  # better on the point, not proven
    assert not non_inferiority(difference(-0.05, 0.02), 0.05).non_inferior  # exactly at the margin is not within
    assert non_inferiority(difference(0.01, 0.05), 0.05).superior
    assert not non_inferiority(difference(-0.01, 0.05), 0.05).superior


def test_where_less_is_better_the_upper_bound_decides() -> None:
    assert non_inferiority(difference(-0.10, 0.04), 0.05, higher_is_better=False).non_inferior
    assert not non_inferiority(difference(-0.04, 0.06), 0.05, higher_is_better=False).non_inferior
    assert non_inferiority(difference(-0.10, -0.01), 0.05, higher_is_better=False).superior


def test_too_few_cases_show_nothing() -> None:
    verdict = non_inferiority(TooFew(n=7, reason="at least 20 are needed"), 0.05)
    assert not verdict.non_inferior
    assert not verdict.superior
    assert str(verdict) == "Non-inferiority is not shown: too few: n = 7, at least 20 are needed."


def test_the_verdict_has_the_numbers() -> None:
    assert str(non_inferiority(difference(-0.04, 0.02), 0.05)) == (
        "Non-inferiority is shown: the difference is -0.010 [-0.040, 0.020], n = 200, at worst 0.040 worse, "
        "against a margin of 0.05 (one-sided level 0.025)."
    )
    assert "not shown" in str(non_inferiority(difference(-0.06, 0.02), 0.05))
    assert "at worst 0.010 better" in str(non_inferiority(difference(0.01, 0.05), 0.05))


def test_a_margin_of_nothing_is_refused() -> None:
    for margin in (0.0, -0.05, float("nan")):
        with pytest.raises(EvaluationError, match="lies above 0"):
            non_inferiority(difference(-0.04, 0.02), margin)


def test_sensitivity_worse_by_just_the_margin_passes_as_rarely_as_the_level_says() -> None:
    """1,000 studies of 200 cancers, in which the new reading truly finds 5 points fewer, the margin."""
    rng = np.random.default_rng(31)
    cells = rng.multinomial(200, [0.05, 0.10, 0.85], size=STUDIES)  # only new, only old, both or neither
    low, high = tango_bounds(cells[:, 0], cells[:, 1], np.full(STUDIES, 200), 1 - 2 * LEVEL)
    passed = sum(non_inferiority(difference(a, b), 0.05).non_inferior for a, b in zip(low, high, strict=True))
    assert OFTEN_ENOUGH[0] <= passed <= OFTEN_ENOUGH[1], passed


def test_the_vectorised_bounds_are_those_of_a_study_read_case_by_case() -> None:
    new = np.repeat([1, 0, 1, 0], [9, 21, 150, 20])
    old = np.repeat([0, 1, 1, 0], [9, 21, 150, 20])
    found = compare_sensitivity(np.ones(200), new, old).difference
    assert (found.low, found.high) == pytest.approx(tuple(float(each) for each in tango_bounds(9, 21, 200)))


def test_auc_worse_by_just_the_margin_passes_as_rarely_as_the_level_says() -> None:
    """1,000 studies of 80 + 80 cases; AUC 0.85 and 0.80 of normal scores that hang together within a case."""
    rng, labels = np.random.default_rng(32), np.repeat([0, 1], 80)
    shifts = np.sqrt(2) * norm.ppf((0.80, 0.85))
    passed = 0
    for _ in range(STUDIES):
        shared, own = rng.normal(size=160), rng.normal(size=(2, 160))
        new, old = (shift * labels + 0.8 * shared + 0.6 * each for shift, each in zip(shifts, own, strict=True))
        passed += non_inferiority(compare_auc(labels, new, old).difference, 0.05).non_inferior
    assert OFTEN_ENOUGH[0] <= passed <= OFTEN_ENOUGH[1], passed


def test_as_good_a_reading_passes_often() -> None:
    rng = np.random.default_rng(33)
    cells = rng.multinomial(200, [0.04, 0.04, 0.92], size=STUDIES)
    low, _ = tango_bounds(cells[:, 0], cells[:, 1], np.full(STUDIES, 200))
    assert 0.6 < float((low > -0.05).mean()) < 0.8  # normal approximation of the power: 0.70
