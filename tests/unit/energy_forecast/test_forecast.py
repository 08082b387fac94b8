from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.errors import ReadingsError, ShippedModelError
from samdrift_energy_forecast.forecasting.features import GAIN_K, NAMES, ROOM_H, features, running, typical_room
from samdrift_energy_forecast.forecasting.heat import HORIZON_H, PRIOR, _offsets, forecast, forecasts
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.forecasting.smoothing import smoothed
from samdrift_energy_forecast.metering.readings import Readings, read_meters
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_registry.verified import VerifiedModel


def test_changing_later_readings_changes_no_forecast(
    meter_csv: bytes, surroundings: Operation, family: FamilyModel, issue: int
) -> None:
    earlier = issue - HORIZON_H
    window = surroundings.window(surroundings.first, len(surroundings) - HORIZON_H)
    rows = meter_csv.decode().splitlines()
    tampered = [f"{row.split(',')[0]},999,35,35" if k > len(rows) - HORIZON_H else row for k, row in enumerate(rows)]
    honest, told = (
        forecast(read_meters(data, earlier), window, family) for data in (meter_csv, "\n".join(tampered).encode())
    )
    np.testing.assert_array_equal(honest.heat_kwh, told.heat_kwh)
    np.testing.assert_array_equal(honest.quantiles_kwh, told.quantiles_kwh)


def test_features_of_an_hour_see_no_heat_younger_than_three_days(readings: Readings, surroundings: Operation) -> None:
    past = surroundings.window(readings.first, len(readings.heat_kwh))
    row = 400
    tampered = readings.heat_kwh.copy()
    tampered[row - 71 :] = 1e6
    np.testing.assert_array_equal(features(past, tampered)[row], features(past, readings.heat_kwh)[row])
    tampered[row - 72] = 1e6
    assert (features(past, tampered)[row] != features(past, readings.heat_kwh)[row]).any()


def test_quantiles_rise_and_heat_is_never_negative(
    readings: Readings, surroundings: Operation, family: FamilyModel
) -> None:
    made = forecast(readings, surroundings, family)
    assert made.heat_kwh.shape == (HORIZON_H,)
    assert (np.diff(made.quantiles_kwh, axis=0) >= 0).all()
    assert (made.quantiles_kwh >= 0).all()
    assert (made.heat_kwh >= 0).all()
    assert made.heat_kwh.max() <= readings.heat_kwh.max()


def test_the_forecast_beats_the_week_before(readings: Readings, surroundings: Operation, family: FamilyModel) -> None:
    earlier = readings.end - HORIZON_H
    cut = replace(
        readings,
        heat_kwh=readings.heat_kwh[:-HORIZON_H],
        indoor_c=readings.indoor_c[:-HORIZON_H],
        coldest_room_c=readings.coldest_room_c[:-HORIZON_H],
    )
    made = forecast(cut, surroundings.window(surroundings.first, earlier + HORIZON_H - surroundings.first), family)
    actual, naive = readings.heat_kwh[-HORIZON_H:], readings.heat_kwh[-HORIZON_H - 168 : -168]
    assert np.abs(actual - made.heat_kwh).mean() < np.abs(actual - naive).mean()


# Nothing changes the house's readings, so that examples may share them.
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.floats(0.1, 50.0), min_size=2, max_size=4), days=st.lists(st.integers(8, 21), min_size=4))
def test_many_buildings_at_once_get_the_numbers_of_one_by_one(
    readings: Readings, surroundings: Operation, family: FamilyModel, sizes: list[float], days: list[int]
) -> None:
    many = [_shortened(readings, surroundings, size, count) for size, count in zip(sizes, days, strict=False)]
    for (own, operation), made in zip(many, forecasts(many, family), strict=True):
        alone = forecast(own, operation, family)
        np.testing.assert_allclose(made.heat_kwh, alone.heat_kwh, rtol=1e-9)
        np.testing.assert_allclose(made.quantiles_kwh, alone.quantiles_kwh, rtol=1e-9)
        assert made.weights == pytest.approx(alone.weights)


def _shortened(readings: Readings, surroundings: Operation, size: float, days: int) -> tuple[Readings, Operation]:
    """The last days of a larger or smaller building."""
    skipped = len(readings.heat_kwh) - days * 24
    own = replace(
        readings,
        first=readings.first + skipped,
        heat_kwh=size * readings.heat_kwh[skipped:],
        indoor_c=readings.indoor_c[skipped:],
        coldest_room_c=readings.coldest_room_c[skipped:],
    )
    return own, surroundings.window(own.first, len(surroundings) - skipped)


def test_with_a_week_of_readings_the_forecast_is_no_worse_than_the_week_before(
    readings: Readings, surroundings: Operation, family: FamilyModel
) -> None:
    ours, theirs = [], []
    for day in range(7, 18):
        until = day * 24
        week = replace(
            readings,
            first=readings.first + until - 168,
            heat_kwh=readings.heat_kwh[until - 168 : until],
            indoor_c=readings.indoor_c[until - 168 : until],
            coldest_room_c=readings.coldest_room_c[until - 168 : until],
        )
        made = forecast(week, surroundings.window(week.first, 168 + HORIZON_H), family)
        measured = readings.heat_kwh[until : until + HORIZON_H]
        ours.append(measured - made.heat_kwh[: len(measured)])
        theirs.append(measured - week.heat_kwh[: len(measured)])
    assert np.square(np.concatenate(ours)).mean() <= np.square(np.concatenate(theirs)).mean()


def test_weights_of_the_members_sum_to_one_and_are_the_members_own(
    readings: Readings, surroundings: Operation, family: FamilyModel
) -> None:
    with_trees, without = (forecast(readings, surroundings, one) for one in (family, replace(family, trees=None)))
    assert sum(with_trees.weights.values()) == pytest.approx(1)
    assert with_trees.weights.keys() <= PRIOR.keys()
    assert "trees" not in without.weights


def test_nothing_read_lately_is_said(readings: Readings, surroundings: Operation, family: FamilyModel) -> None:
    heat = readings.heat_kwh.copy()
    heat[-7 * 24 :] = np.nan
    with pytest.raises(ReadingsError, match="Nothing was read in the last 168 h"):
        forecast(replace(readings, heat_kwh=heat), surroundings, family)


def test_quantiles_are_ranks_that_count_days_by_hand() -> None:
    residuals = np.arange(1.0, 241.0)
    # Ten days: 0.9 becomes 0.5 + 0.4 * 11 / 10 = 0.94, and ceil(241 * 0.94) = 227; 0.1 becomes 0.06, floor 14.
    found = _offsets(residuals, 10.0)
    assert found is not None
    assert found[[1, 2, 3]].tolist() == [14.0, 121.0, 227.0]
    assert _offsets(residuals[:0], 10.0) is None


def test_missing_hours_are_left_out(readings: Readings, surroundings: Operation, family: FamilyModel) -> None:
    holes = readings.heat_kwh.copy()
    holes[[5, 100, 101, 102, 300, -1]] = np.nan
    made = forecast(replace(readings, heat_kwh=holes), surroundings, family)
    whole = forecast(readings, surroundings, family)
    assert np.isfinite(made.quantiles_kwh).all()
    assert abs(made.heat_kwh.sum() / whole.heat_kwh.sum() - 1) < 0.1


@settings(max_examples=25, deadline=None)
@given(penalty=st.floats(0.1, 100.0), seed=st.integers(0, 2**32 - 1))
def test_the_pulled_ridge_solves_the_stacked_least_squares_problem(penalty: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    design, heat = rng.normal(size=(40, 6)), rng.normal(size=40)
    scale, weights = rng.uniform(0.5, 2.0, 6), rng.normal(size=6)
    family = FamilyModel(weights=weights, feature_scale=scale, penalty=penalty)
    # The penalty as extra rows: sqrt(penalty) scale_j (w_j - family_j) = 0.
    rows = np.vstack([design, np.sqrt(penalty) * np.diag(scale)])
    wanted = np.concatenate([heat, np.sqrt(penalty) * scale * weights])
    np.testing.assert_allclose(family.adapted(design, heat), np.linalg.lstsq(rows, wanted)[0], atol=1e-8)


def test_without_readings_a_building_is_its_family() -> None:
    family = FamilyModel(weights=np.arange(6.0), feature_scale=np.ones(6), penalty=1.0)
    nothing = np.full((10, 6), np.nan)
    np.testing.assert_allclose(family.adapted(nothing, np.zeros(10)), np.arange(6.0))


def test_a_model_for_other_features_is_not_loaded(verified: VerifiedModel, tmp_path: Path) -> None:
    for file in verified.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes().replace(NAMES[0].encode(), b"something_else"))
    with pytest.raises(ShippedModelError, match="other features"):
        FamilyModel.load(tmp_path)


def test_what_is_no_family_model_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(b"PK")
    with pytest.raises(ShippedModelError, match=r"no model\.json and no model\.safetensors.*log_model"):
        FamilyModel.load(tmp_path)


def test_the_typical_room_is_the_one_that_is_computed_hour_by_hour(surroundings: Operation) -> None:
    room, held = typical_room(surroundings)
    state = float(surroundings.setback_c[0])
    for k in range(len(surroundings)):
        equilibrium = surroundings.temperature_c[k] + GAIN_K
        free = state + (equilibrium - state) / ROOM_H
        lost = max(0.0, surroundings.setback_c[k] - equilibrium) if free <= surroundings.setback_c[k] + 1e-9 else 0.0
        state = max(free, surroundings.setback_c[k])
        assert (room[k], held[k]) == (pytest.approx(state), pytest.approx(lost))


def test_smoothing_halves_after_its_half_life() -> None:
    impulse = np.zeros(20)
    impulse[5] = 1.0
    answer = smoothed(impulse, 3.0)
    assert not answer[:5].any()
    assert answer[8] == pytest.approx(answer[5] / 2)


@given(half_life_h=st.floats(0.3, 500.0), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_smoothing_is_the_recursion(half_life_h: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(5, 10, size=(2, 3000))
    answer, keep = smoothed(values, half_life_h), 0.5 ** (1 / half_life_h)
    states = [float(values[1, 0])]
    for value in values[1].tolist():
        states.append(keep * states[-1] + (1 - keep) * value)
    np.testing.assert_allclose(answer[1], states[1:], rtol=1e-6, atol=1e-8)


def test_running_counts_hours_without_a_break() -> None:
    assert running(np.array([False, True, True, False, True])).tolist() == [0, 1, 2, 0, 1]
