from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samdrift_energy_forecast.forecasting import day_ahead as module
from samdrift_energy_forecast.forecasting.boosting import TERMS, Growth
from samdrift_energy_forecast.forecasting.clock import clock, explaining_zone
from samdrift_energy_forecast.forecasting.day_ahead import Recipe, day_ahead
from samdrift_energy_forecast.forecasting.designs import OWN, own_terms, same_kind, smoothed
from samdrift_energy_forecast.forecasting.panel import Panel, carried_forward
from samdrift_testing.panels import FIRST_DAY, made_panel


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees, and a training that is long enough for them."""
    tiny = Growth(rounds=5, leaves=4, learning_rate=0.3, least_rows=20)
    for name, value in {"POOLED": tiny, "OWN_TREES": tiny, "RUN_IN_DAYS": 14, "CALIBRATION_DAYS": 14}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "LEAST_BOOSTED_DAYS", 60)
    monkeypatch.setattr(module, "LEAST_OWN_HOURS", 240)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("lead", [0, 2])
def test_loads_after_the_issue_change_no_forecast(panel: Panel, lead: int) -> None:
    issue = 80
    tampered = panel.loads_kwh.copy()
    tampered[:, issue:] = 1e4 * np.random.default_rng(0).random(tampered[:, issue:].shape)
    honest, told = (
        day_ahead(replace(panel, loads_kwh=loads), trained_until=75, first=75, lead=lead)
        for loads in (panel.loads_kwh, tampered)
    )
    known = issue + lead - honest.first + 1
    np.testing.assert_array_equal(honest.expected_kwh[:, :known], told.expected_kwh[:, :known])
    np.testing.assert_array_equal(honest.quantiles_kwh[:, :, :known], told.quantiles_kwh[:, :, :known])
    assert (honest.expected_kwh[:, known:] != told.expected_kwh[:, known:]).any()


def test_buildings_together_are_forecast_as_one_by_one(panel: Panel) -> None:
    together = day_ahead(panel, trained_until=75, first=75, recipe=Recipe.RIDGE)
    for place, alone in enumerate(panel.chunks(1)):
        made = day_ahead(alone, trained_until=75, first=75, recipe=Recipe.RIDGE)
        np.testing.assert_allclose(made.expected_kwh[0], together.expected_kwh[place], rtol=1e-4)
        np.testing.assert_allclose(made.quantiles_kwh[:, 0], together.quantiles_kwh[:, place], rtol=1e-4)


@pytest.mark.usefixtures("quick")
def test_a_mixture_beats_the_week_before_and_stays_in_bounds(panel: Panel) -> None:
    made = day_ahead(panel, trained_until=75, first=75)
    measured, naive = panel.loads_kwh[:, 75:], panel.loads_kwh[:, 68:83]
    assert (np.abs(made.expected_kwh - measured).mean((1, 2)) < np.abs(naive - measured).mean((1, 2))).all()
    assert (made.quantiles_kwh >= 0).all()
    assert (np.diff(made.quantiles_kwh, axis=0) >= 0).all()
    assert (made.expected_kwh <= panel.loads_kwh.max(axis=(1, 2), keepdims=True)).all()
    assert made.weights.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("days", [7, 14])
def test_with_a_week_of_readings_it_is_no_worse_than_the_week_before(days: int) -> None:
    panel = made_panel(6, 40, noise=0.15)
    made = day_ahead(panel, trained_until=days, first=days)
    measured, naive = panel.loads_kwh[:, days:], panel.loads_kwh[:, days - 7 : -7]
    for until in (7, 40 - days):
        ours, theirs = (((f - measured)[:, :until] ** 2).mean((1, 2)) for f in (made.expected_kwh, naive))
        assert (ours <= theirs).all()


def test_holes_and_a_building_that_begins_late_are_forecast_all_the_same(panel: Panel) -> None:
    loads = panel.loads_kwh.copy()
    loads[0, 70:72] = np.nan
    loads[1, :60] = np.nan
    made = day_ahead(replace(panel, loads_kwh=loads), trained_until=75, first=75, recipe=Recipe.RIDGE)
    assert np.isfinite(made.quantiles_kwh).all()


def test_own_terms_by_hand() -> None:
    rng = np.random.default_rng(4)
    loads, free = rng.random((2, 20, 24)), np.arange(20) % 7 >= 5
    for lead in (0, 1):
        day, hour = 17, 5
        row = dict(zip(OWN, own_terms(loads, free, lead)[1, day, hour], strict=True))
        known = loads[1, : day - lead]
        kin = [d for d in range(day - lead) if free[d] == free[day]][-4:]
        wanted = {
            "last_day": known[-1, hour],
            "day_before": known[-2, hour],
            "week_before": loads[1, day - 7, hour],
            "last_day_mean": known[-1].mean(),
            "last_week_mean": known[-7:].mean(),
            "last_evening": known[-1, 20:].mean(),
            "last_hour": known[-1, 23],
            "same_kind": loads[1, kin, hour].mean(),
            "last_day_other_kind": known[-1, hour] if free[day - lead - 1] != free[day] else 0.0,
        }
        assert row == pytest.approx(wanted, rel=1e-5)


def test_days_of_a_kind_that_was_never_seen_have_no_mean() -> None:
    free = np.array([False] * 4 + [True])
    assert np.isnan(same_kind(np.ones((1, 5, 24), np.float32), free, 0)[0, 4]).all()


def test_holes_are_carried_forward_by_the_hour() -> None:
    loads = np.arange(72.0).reshape(1, 3, 24)
    loads[0, 0, 3] = loads[0, 2, 5] = np.nan
    filled = carried_forward(loads)
    assert np.isnan(filled[0, 0, 3])
    assert filled[0, 2, 5] == loads[0, 1, 5]


def test_smoothing_halves_after_its_half_life() -> None:
    impulse = np.zeros((2, 24))
    impulse[0, 5] = 1.0
    answer = smoothed(impulse, 3.0).ravel()
    assert answer[8] == pytest.approx(answer[5] / 2)


def test_terms_have_as_many_columns_as_names(panel: Panel) -> None:
    prepared = module._prepared(panel, 75, 60, 0, with_past=True)
    assert prepared.terms(np.arange(70, 72)).shape == (3, 2, 24, len(TERMS))


def test_local_hours_follow_summer_time_and_holidays() -> None:
    local = clock("Europe/Copenhagen", FIRST_DAY, 120, country="DK")
    assert local.hour[0, 0] == 2  # 1 September, summer time
    assert local.hour[-1, 0] == 1
    christmas = 115  # days from 1 September to 25 December
    assert local.weekday[christmas, 12] == 6
    assert local.is_free[christmas]
    assert local.order[0].tolist() == [22, 23, *range(22)]


def test_the_loads_tell_whether_clocks_change() -> None:
    for zone in ("UTC", "Europe/London"):
        local = clock(zone, FIRST_DAY, 120)
        heat = np.where((local.hour >= 6) & (local.hour < 17), 2.0, 1.0)[None]
        assert explaining_zone(heat, FIRST_DAY) == zone
