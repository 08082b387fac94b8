from __future__ import annotations

import math

import numpy as np
import pytest

from samdrift_energy_forecast.forecasting.intervals import conformal_rank, rolling_quantiles


@pytest.mark.parametrize(
    ("count", "level", "rank"), [(9, 0.9, 9), (9, 0.1, 1), (19, 0.95, 19), (99, 0.9, 90), (4, 0.9, 4), (10, 0.5, 6)]
)
def test_ranks_are_the_textbook_ones(count: int, level: float, rank: int) -> None:
    assert conformal_rank(np.array([count]), np.array([level])).tolist() == [rank]


def test_the_first_offsets_are_order_statistics_of_the_hour_and_its_neighbours() -> None:
    rng = np.random.default_rng(1)
    errors, free = rng.normal(size=(1, 40, 24)), np.arange(40) % 7 >= 5
    made = rolling_quantiles(errors, free, (0.1, 0.9), first=39, lead=0)
    kin = [d for d in range(39) if free[d] == free[39]]
    values = sorted(errors[0, d, h] for d in kin for h in (11, 12, 13))
    assert made[1, 0, 0, 12] == values[math.ceil((len(values) + 1) * 0.9) - 1]
    assert made[0, 0, 0, 12] == values[math.floor((len(values) + 1) * 0.1) - 1]


def test_with_few_days_of_a_kind_all_days_count() -> None:
    errors = np.arange(12.0)[None, :, None] * np.ones((1, 1, 24))
    free = np.zeros(13, dtype=bool)
    free[[5, 12]] = True
    errors = np.concatenate([errors, np.full((1, 1, 24), np.nan)], axis=1)
    made = rolling_quantiles(errors, free, (0.5,), first=12, lead=0)
    assert made[0, 0, 0, 3] == 6.0


def test_coverage_follows_errors_that_grow() -> None:
    rng = np.random.default_rng(2)
    errors = rng.normal(size=(4, 200, 24)) * np.linspace(1, 6, 200)[:, None]
    made = rolling_quantiles(errors, np.zeros(200, dtype=bool), (0.1, 0.9), first=60, lead=0)
    inside = (made[0] <= errors[:, 60:]) & (errors[:, 60:] <= made[1])
    assert inside.mean(axis=(1, 2)) == pytest.approx(0.8, abs=0.03)


def test_offsets_use_days_that_had_ended() -> None:
    rng = np.random.default_rng(3)
    errors = rng.normal(size=(2, 50, 24))
    later = errors.copy()
    later[:, 45:] = 1e6
    free = np.arange(50) % 7 >= 5
    for lead in (0, 2):
        told, honest = (rolling_quantiles(e, free, (0.1, 0.9), first=30, lead=lead) for e in (later, errors))
        np.testing.assert_array_equal(told[:, :, : 45 + lead - 30 + 1], honest[:, :, : 45 + lead - 30 + 1])
