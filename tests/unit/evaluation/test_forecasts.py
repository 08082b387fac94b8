from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.forecasts import cvrmse, interval_coverage, nmbe, pinball, skill, skill_by_horizon

#: Two days of two hours, kWh: errors -1, 1, 2, 0; mean 4.
ACTUAL, FORECAST, DAYS = [2.0, 4.0, 6.0, 4.0], [3.0, 3.0, 4.0, 4.0], ["mon", "mon", "tue", "tue"]


def test_values_as_worked_out_by_hand() -> None:
    assert cvrmse(ACTUAL, FORECAST, DAYS).value == pytest.approx(np.sqrt(6 / 4) / 4)
    assert nmbe(ACTUAL, FORECAST, DAYS).value == pytest.approx(2 / 16)
    assert skill(ACTUAL, FORECAST, [4.0] * 4, DAYS).value == pytest.approx(1 - 4 / 4)
    assert interval_coverage(ACTUAL, [3.0] * 4, [5.0] * 4, DAYS).value == 0.5
    assert interval_coverage(ACTUAL, [4.0] * 4, [6.0] * 4, DAYS).value == 0.75  # both bounds belong to it
    assert pinball(ACTUAL, FORECAST, 0.9, DAYS).value == pytest.approx((0.1 * 1 + 0.9 * 1 + 0.9 * 2) / 4)


def test_nmbe_is_above_zero_when_too_little_was_forecast() -> None:
    assert nmbe([10.0, 10.0], [9.0, 9.0], ["a", "b"]).value == pytest.approx(0.1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=4, max_size=30), st.floats(0.05, 0.95))
def test_pinball_agrees_with_sklearn(pairs: list[tuple[float, float]], level: float) -> None:
    actual, quantile = zip(*pairs, strict=True)
    figure = pinball(actual, quantile, level, np.arange(len(pairs)) // 2, resampling=Resampling(replicates=10))
    assert figure.value == pytest.approx(mean_pinball_loss(actual, quantile, alpha=level), abs=1e-12)


def resampled_days(days: int, hours: int, statistic: Callable[..., float], *columns: Numbers) -> tuple[float, float]:
    """The same bootstrap with whole days picked out and the statistic computed on the long arrays."""
    rng, values = np.random.default_rng(0), []
    for _ in range(300):
        drawn = np.repeat(np.arange(days), rng.multinomial(days, [1 / days] * days))
        picked = (drawn[:, None] * hours + np.arange(hours)).ravel()
        values.append(statistic(*(column[picked] for column in columns)))
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def test_intervals_agree_with_resampling_written_out() -> None:
    rng, days = np.random.default_rng(5), np.repeat(np.arange(12), 24)
    actual = 10 + rng.normal(size=288)
    forecast, naive = actual + rng.normal(size=288), actual + 2 * rng.normal(size=288)
    some = Resampling(replicates=300)
    checks: list[tuple[Estimate, Callable[..., float]]] = [
        (cvrmse(actual, forecast, days, resampling=some), lambda a, f, _: np.sqrt(((a - f) ** 2).mean()) / a.mean()),
        (nmbe(actual, forecast, days, resampling=some), lambda a, f, _: (a - f).mean() / a.mean()),
        (
            skill(actual, forecast, naive, days, resampling=some),
            lambda a, f, n: 1 - abs(a - f).mean() / abs(a - n).mean(),
        ),
    ]
    for figure, statistic in checks:
        assert figure.value == pytest.approx(statistic(actual, forecast, naive))
        assert (figure.low, figure.high) == pytest.approx(resampled_days(12, 24, statistic, actual, forecast, naive))
        assert (figure.n, figure.method) == (288, "block bootstrap over 12 days, 300 replicates, seed 0")


def test_hours_that_repeat_their_day_do_not_narrow_the_interval() -> None:
    errors = np.random.default_rng(6).normal(size=40)
    daily = nmbe(10 + errors, [10.0] * 40, np.arange(40))
    hourly = nmbe(10 + np.repeat(errors, 24), [10.0] * 960, np.repeat(np.arange(40), 24))
    assert (hourly.low, hourly.high) == pytest.approx((daily.low, daily.high))


def test_honest_intervals_are_covered_as_often_as_they_say() -> None:
    rng, half = np.random.default_rng(7), norm.ppf(0.9)
    figure = interval_coverage(rng.normal(size=2400), [-half] * 2400, [half] * 2400, np.arange(2400) // 24)
    assert figure.low <= 0.8 <= figure.high
    assert figure.high - figure.low < 0.05


def test_all_inside_is_not_certainty() -> None:
    figure = interval_coverage([1.0] * 96, [0.0] * 96, [2.0] * 96, np.arange(96) // 24)
    assert (figure.value, figure.high) == (1.0, 1.0)
    assert figure.low == pytest.approx(0.025 ** (1 / 4))
    outside = interval_coverage([3.0] * 96, [0.0] * 96, [2.0] * 96, np.arange(96) // 24)
    assert (outside.value, outside.low) == (0.0, 0.0)
    assert outside.high == pytest.approx(1 - 0.025 ** (1 / 4))


def test_one_day_has_no_interval() -> None:
    with pytest.raises(TooFewCasesError, match="at least two independent groups or days"):
        cvrmse(ACTUAL, FORECAST, ["mon"] * 4)


def test_refusals_name_the_remedy() -> None:
    with pytest.raises(EvaluationError, match="not above 0"):
        cvrmse([0.0, 0.0], [1.0, 1.0], ["a", "b"])
    with pytest.raises(EvaluationError, match="nothing to be better than"):
        skill(ACTUAL, FORECAST, ACTUAL, DAYS)
    with pytest.raises(EvaluationError, match="low bound above"):
        interval_coverage(ACTUAL, [9.0] * 4, [1.0] * 4, DAYS)
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        pinball(ACTUAL, FORECAST, 1.0, DAYS)
    with pytest.raises(EvaluationError, match="`actual` 4, `forecast` 3"):
        nmbe(ACTUAL, [1.0] * 3, DAYS)
    with pytest.raises(EvaluationError, match="`actual` 4, `days` 3"):
        nmbe(ACTUAL, FORECAST, DAYS[:3])


def test_skill_against_a_peer_is_that_of_each_step_on_the_cells_all_have() -> None:
    rng = np.random.default_rng(11)
    actual = 10 + rng.normal(size=(240, 3))
    ours, peer = actual + rng.normal(size=(240, 3)), actual + 1.3 * rng.normal(size=(240, 3))
    actual[::7, 1], peer[5:15, 1], peer[:230, 2] = np.nan, np.nan, np.nan
    days = np.arange(240) // 24
    figures = skill_by_horizon(actual, ours, peer, days, resampling=Resampling(replicates=300))
    for step in (0, 1):
        known = ~np.isnan(actual[:, step]) & ~np.isnan(peer[:, step])
        root = [np.sqrt(((each - actual)[known, step] ** 2).mean()) for each in (ours, peer)]
        figure = figures[step]
        assert isinstance(figure, Estimate)
        assert figure.value == pytest.approx(1 - root[0] / root[1])
        assert figure.n == known.sum()
    first = figures[0]
    assert isinstance(first, Estimate)
    assert (first.low, first.high) == pytest.approx(
        resampled_days(
            10,
            24,
            lambda a, f, p: 1 - np.sqrt(((a - f) ** 2).mean() / ((a - p) ** 2).mean()),
            actual[:, 0],
            ours[:, 0],
            peer[:, 0],
        )
    )
    assert figures[2] == TooFew(n=10, reason="at least 20 are needed")


def test_a_peer_of_another_shape_or_without_error_is_refused() -> None:
    actual = np.ones((30, 2))
    with pytest.raises(EvaluationError, match=r"same shape: .*`peer` \(30, 3\)"):
        skill_by_horizon(actual, actual, np.ones((30, 3)), np.arange(30))
    with pytest.raises(EvaluationError, match="The peer makes no error"):
        skill_by_horizon(actual, 2 * actual, actual, np.arange(30))


@pytest.mark.data
def test_persistence_against_the_saved_forecasts_of_onlineforecast() -> None:
    """A Danish house, hours from 2010-12-22 to 2011-02-01; row i of the saved ones was issued at hour i.

    Root mean square errors in kW, found beforehand by another route: theirs 0.611, 0.617 and 0.629 for 1, 12 and 24
    hours ahead, that of the hour a whole number of days before 0.783 for all three.
    """
    pandas = pytest.importorskip("pandas")
    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy"
    house, saved = folder / "dk_dbuilding.parquet", folder / "dk_dbuilding_onlineforecast_rls_yhat.parquet"
    if "SAMDRIFT_DATA" not in os.environ or not (house.exists() and saved.exists()):
        pytest.skip(f"SAMDRIFT_DATA does not hold energy/{house.name} and energy/{saved.name}")
    readings, peer = pandas.read_parquet(house), pandas.read_parquet(saved).to_numpy()
    load, time = readings["heatload_kw"].to_numpy(), readings["time_end_utc"].dt.tz_localize(None).to_numpy()
    steps = np.array([1, 12, 24])
    target = np.arange(len(peer))[:, None] + steps
    inside = (time[target] >= np.datetime64("2010-12-22")) & (time[target] < np.datetime64("2011-02-01"))
    actual = np.where(inside, load[target], np.nan)
    days = time[: len(peer)].astype("datetime64[D]")
    figures = skill_by_horizon(actual, load[target - 24], peer[:, steps - 1], days)
    for figure, theirs in zip(figures, (0.611, 0.617, 0.629), strict=True):
        assert isinstance(figure, Estimate)
        assert figure.value == pytest.approx(1 - 0.783 / theirs, abs=0.005)
        assert figure.high < 0
