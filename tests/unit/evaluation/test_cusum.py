from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.cusum import calibration_cusum, cumulated, residual_cusum
from samdrift_evaluation.drift import Drift, Drifted
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import TooFew


def few(seed: int) -> Resampling:
    return Resampling(replicates=20, seed=seed)


def measured(found: Drifted) -> Drift:
    assert isinstance(found, Drift)
    return found


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40))
def test_the_sum_is_pages_recursion(steps: list[float]) -> None:
    sums, level = [], 0.0
    for step in steps:
        level = max(0.0, level + step)
        sums.append(level)
    assert cumulated(np.array([steps]))[0] == pytest.approx(sums, abs=1e-9)


def steiner(labels: NDArray[np.bool_], stated: Numbers, ratio: float) -> list[float]:
    """Steiner's weights case by case: the likelihood of odds times `ratio` over that of the stated ones."""
    level, sums = 0.0, []
    for y, p in zip(labels, stated, strict=True):
        risk = ratio * p / (1 - p + ratio * p)
        level = max(0.0, level + np.log(risk / p if y else (1 - risk) / (1 - p)))
        sums.append(level)
    return sums


def test_the_statistic_is_the_larger_of_steiners_two_sums() -> None:
    rng = np.random.default_rng(111)
    stated = rng.uniform(0.05, 0.6, size=120)
    labels = rng.random(120) < np.minimum(1, stated * 1.8)
    found = measured(calibration_cusum(labels, stated, simulations=50))
    upwards, downwards = steiner(labels, stated, 2.0), steiner(labels, stated, 0.5)
    assert found.statistic == pytest.approx(max(*upwards, *downwards))
    assert found.size.value == pytest.approx((labels - stated).mean())


def test_calibrated_models_alarm_about_as_often_as_the_level_says() -> None:
    rng, alarms = np.random.default_rng(112), 0
    for seed in range(150):
        stated = rng.uniform(0.01, 0.3, size=100)
        alarms += measured(
            calibration_cusum(rng.random(100) < stated, stated, alpha=0.05, simulations=300, resampling=few(seed))
        ).alarm
    assert binomtest(alarms, 150, 0.05).pvalue > 0.001


def test_risks_that_double_midway_alarm_and_the_place_is_found() -> None:
    rng = np.random.default_rng(113)
    stated = rng.uniform(0.05, 0.25, size=600)
    true = np.where(np.arange(600) < 300, stated, np.minimum(1, 2.5 * stated))
    found = measured(calibration_cusum(rng.random(600) < true, stated))
    assert found.alarm
    assert found.since is not None
    assert 250 <= found.since <= 350
    assert found.size.low > 0
    assert found.source == "2000 sequences simulated from the stated probabilities, seed 0, at level 0.01"


def test_risks_that_halve_alarm_too() -> None:
    rng = np.random.default_rng(114)
    stated = rng.uniform(0.1, 0.5, size=500)
    found = measured(calibration_cusum(rng.random(500) < stated / 2, stated))
    assert found.alarm
    assert found.size.high < 0


def weather(rng: np.random.Generator, days: int) -> Numbers:
    """Residuals whose day errs as a whole."""
    return np.repeat(rng.normal(size=days), 24) + 0.3 * rng.normal(size=24 * days)


def test_hours_that_hang_together_alarm_about_as_often_as_the_level_says_when_blocks_are_told() -> None:
    rng, with_blocks, without = np.random.default_rng(115), 0, 0
    for seed in range(40):
        reference, current = weather(rng, 60), weather(rng, 14)
        for block in (24, 1):
            found = residual_cusum(reference, current, block=block, alpha=0.05, simulations=200, resampling=few(seed))
            with_blocks += measured(found).alarm and block == 24
            without += measured(found).alarm and block == 1
    assert binomtest(with_blocks, 40, 0.05).pvalue > 0.001, with_blocks
    assert without >= 26


def test_a_short_reference_does_not_make_alarms() -> None:
    """30 residuals do not tell their mean well; 120 new ones around the true one are no drift."""
    rng, alarms = np.random.default_rng(118), 0
    for seed in range(150):
        found = residual_cusum(
            rng.normal(size=30), rng.normal(size=120), alpha=0.05, simulations=200, resampling=few(seed)
        )
        alarms += measured(found).alarm
    assert binomtest(alarms, 150, 0.05).pvalue > 0.001, alarms


def test_a_meter_that_goes_astray_alarms_with_its_place_and_size() -> None:
    rng = np.random.default_rng(116)
    current = weather(rng, 20)
    current[240:] += 2.5
    found = measured(residual_cusum(weather(rng, 90), current, block=24))
    assert found.alarm
    assert found.since is not None
    assert 200 <= found.since <= 264
    assert found.size.low < 1.25 < found.size.high
    assert found.size.method.startswith("cluster bootstrap over 20 groups")


def test_the_unit_of_residuals_does_not_matter() -> None:
    rng = np.random.default_rng(117)
    reference, current = rng.normal(size=200), rng.normal(size=50)
    kwh, joules = (
        measured(residual_cusum(reference, current)),
        measured(residual_cusum(3.6e6 * reference, 3.6e6 * current)),
    )
    assert joules.statistic == pytest.approx(kwh.statistic)
    assert joules.p_value == kwh.p_value


def test_too_little_truth_says_so() -> None:
    assert calibration_cusum([0, 1] * 5, [0.5] * 10) == TooFew(n=10, reason="at least 20 outcomes are needed")
    assert residual_cusum(np.arange(480.0), np.arange(30.0), block=24) == TooFew(
        n=30, reason="at least 48 residuals are needed"
    )
    assert residual_cusum(np.arange(479.0), np.arange(48.0), block=24) == TooFew(
        n=19, reason="at least 20 blocks of reference residuals are needed"
    )


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="odds ratio to be found lies above 1"):
        calibration_cusum([0, 1] * 20, [0.5] * 40, odds_ratio=1.0)
    with pytest.raises(EvaluationError, match="there is no scale"):
        residual_cusum([1.0] * 40, [1.0] * 40)
