from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from samdrift_energy_forecast import suite
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.training.report import Judged
from samdrift_energy_forecast.training.winters import HELD_OUT, Winter
from samdrift_evaluation.estimate import Estimate

DAYS = 9


def winter_of(seed: int, bias_kwh: float) -> Judged:
    rng = np.random.default_rng(seed)
    measured: NDArray[np.float64] = 20 + 5 * rng.random(DAYS * 24)
    expected = measured - bias_kwh
    return Judged(
        measured_kwh=measured,
        expected_kwh=expected,
        naive_kwh=measured + 4,
        low_kwh=expected - 1,
        high_kwh=expected + 1,
        days=np.arange(DAYS * 24) // 24,
    )


JUDGED = {HELD_OUT[0]: winter_of(0, 0.5), HELD_OUT[1]: winter_of(1, 2.0)}


def test_a_model_that_learned_from_a_judged_winter_is_refused_by_name() -> None:
    with pytest.raises(suite.SeenWinterError, match=HELD_OUT[0].name):
        suite.check_unseen(["some other", HELD_OUT[0].name], HELD_OUT)


def test_a_model_with_other_winters_may_be_judged() -> None:
    suite.check_unseen([Winter(building="medium_office", weather="usa_nj_newark").name], HELD_OUT)


def test_every_measure_stands_for_all_hours_and_for_each_weather() -> None:
    lines = list(suite._lines(JUDGED))
    groups = {None, *(f"weather={winter.weather}" for winter in HELD_OUT)}
    assert {(line.name, line.subgroup) for line in lines} == {(name, g) for name, _ in suite.NAMES for g in groups}


def test_figures_are_those_of_their_own_hours() -> None:
    figures = {(line.name, line.subgroup): line.figure for line in suite._lines(JUDGED)}
    overall = figures["nmbe", None]
    assert isinstance(overall, Estimate)
    means = [one.measured_kwh.mean() for one in JUDGED.values()]
    assert overall.value == pytest.approx((0.5 + 2.0) / sum(means))
    assert overall.n == 2 * DAYS * 24
    skill = figures["skill", f"weather={HELD_OUT[0].weather}"]
    assert isinstance(skill, Estimate)
    assert skill.value == pytest.approx(1 - 0.5 / 4)


def test_days_of_different_winters_are_different_days() -> None:
    data = suite.data_used({}, JUDGED)
    assert (data.units, data.unit, data.cases) == (2 * DAYS, "day", 2 * DAYS * 24)


def test_the_error_by_horizon_has_a_point_an_hour_ahead() -> None:
    (curve,) = suite._curves(JUDGED)
    assert [point[0] for point in curve.points] == list(range(1, HORIZON_H + 1))
    mean = np.concatenate([one.measured_kwh for one in JUDGED.values()]).mean()
    assert curve.points[0][1] == pytest.approx(math.sqrt((0.5**2 + 2.0**2) / 2) / mean)
