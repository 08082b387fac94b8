from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.errors import ShippedModelError
from samdrift_energy_forecast.features import NAMES, features, running, smoothed
from samdrift_energy_forecast.forecast import forecast
from samdrift_energy_forecast.meters import Readings, read_meters
from samdrift_energy_forecast.operation import Operation
from samdrift_energy_forecast.ridge import FamilyModel
from samdrift_registry.verified import VerifiedModel


def test_changing_later_readings_changes_no_forecast(
    meter_csv: bytes, surroundings: Operation, family: FamilyModel, issue: int
) -> None:
    earlier = issue - 48
    window = surroundings.window(surroundings.first, len(surroundings) - 48)
    rows = meter_csv.decode().splitlines()
    tampered = [f"{row.split(',')[0]},999,35,35" if k > len(rows) - 48 else row for k, row in enumerate(rows)]
    honest, told = (
        forecast(read_meters(data, earlier), window, family) for data in (meter_csv, "\n".join(tampered).encode())
    )
    np.testing.assert_array_equal(honest.heat_kwh, told.heat_kwh)
    np.testing.assert_array_equal(honest.quantiles_kwh, told.quantiles_kwh)


def test_features_of_an_hour_see_no_heat_younger_than_two_days(readings: Readings, surroundings: Operation) -> None:
    past = surroundings.window(readings.first, len(readings.heat_kwh))
    row = 400
    tampered = readings.heat_kwh.copy()
    tampered[row - 47 :] = 1e6
    np.testing.assert_array_equal(features(past, tampered)[row], features(past, readings.heat_kwh)[row])
    tampered[row - 48] = 1e6
    assert (features(past, tampered)[row] != features(past, readings.heat_kwh)[row]).any()


def test_quantiles_rise_and_heat_is_never_negative(
    readings: Readings, surroundings: Operation, family: FamilyModel
) -> None:
    made = forecast(readings, surroundings, family)
    assert made.heat_kwh.shape == (48,)
    assert (np.diff(made.quantiles_kwh, axis=0) >= 0).all()
    assert (made.quantiles_kwh >= 0).all()
    assert (made.heat_kwh >= 0).all()
    assert made.heat_kwh.max() <= readings.heat_kwh.max()


def test_the_forecast_beats_the_week_before(readings: Readings, surroundings: Operation, family: FamilyModel) -> None:
    earlier = readings.end - 48
    cut = replace(
        readings,
        heat_kwh=readings.heat_kwh[:-48],
        indoor_c=readings.indoor_c[:-48],
        coldest_room_c=readings.coldest_room_c[:-48],
    )
    made = forecast(cut, surroundings.window(surroundings.first, earlier + 48 - surroundings.first), family)
    actual, naive = readings.heat_kwh[-48:], readings.heat_kwh[-48 - 168 : -168]
    assert np.abs(actual - made.heat_kwh).mean() < np.abs(actual - naive).mean()


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


def test_smoothing_halves_after_its_half_life() -> None:
    impulse = np.zeros(20)
    impulse[5] = 1.0
    answer = smoothed(impulse, 3.0)
    assert not answer[:5].any()
    assert answer[8] == pytest.approx(answer[5] / 2)


def test_running_counts_hours_without_a_break() -> None:
    assert running(np.array([False, True, True, False, True])).tolist() == [0, 1, 2, 0, 1]
