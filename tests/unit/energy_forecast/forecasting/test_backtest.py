from __future__ import annotations

import json
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samdrift_energy_forecast.commands import app
from samdrift_energy_forecast.commands.backtest import _closed
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.backtest import Period, backtest, pinball, score
from samdrift_energy_forecast.forecasting.day_ahead import LEVELS, Recipe
from samdrift_energy_forecast.forecasting.panel import Panel
from samdrift_energy_forecast.forecasting.panel_files import read_panel
from samdrift_testing.panels import FIRST_DAY, made_panel


def written(panel: Panel, folder: Path) -> tuple[Path, Path]:
    index = pd.date_range(FIRST_DAY, periods=panel.days * 24, freq="h", tz="UTC")
    meters, weather = folder / "meters.parquet", folder / "weather.parquet"
    pd.DataFrame(panel.loads_kwh.reshape(len(panel.buildings), -1).T, index, panel.buildings).to_parquet(meters)
    pd.DataFrame(
        {"ta_c": panel.temperature_c.ravel(), "rh_pct": 80.0, "ghi_w_m2": panel.radiation_w_m2.ravel()}, index
    ).to_parquet(weather)
    return meters, weather


def test_figures_by_hand() -> None:
    measured, expected = np.array([1.0, 3.0, np.nan, 4.0]), np.array([2.0, 3.0, 9.0, 2.0])
    quantiles = np.array([0.5, 0.8, 1.0, 1.2, 1.5])[:, None] * np.array([2.0, 2.0, 2.0, 2.0])
    found = score(measured, expected, quantiles, "x")
    assert found.n == 3
    assert found.cvrmse == pytest.approx(np.sqrt(5 / 3) / (8 / 3))
    assert found.nmbe == pytest.approx((1 / 3) / (8 / 3))
    assert found.coverage80 == 0.0  # 1, 3, 4 against 1.6 to 2.4
    # Level 0.1 at 1.6: 0.9*0.6, 0.1*1.4, 0.1*2.4; 0.5 at 2: 0.5*(1+1+2);
    # level 0.9 at 2.4: 0.1*1.4, 0.9*(0.6+1.6).
    assert found.pinball == pytest.approx(((0.54 + 0.14 + 0.24) + 2.0 + (0.14 + 0.54 + 1.44)) / 9)


def test_pinball_by_hand() -> None:
    assert pinball(np.array([1.0, 4.0]), np.array([2.0, 2.0]), 0.9) == pytest.approx((0.1 * 1 + 0.9 * 2) / 2)


def test_nothing_read_gives_no_figure() -> None:
    nothing = score(np.full(3, np.nan), np.ones(3), np.ones((len(LEVELS), 3)), "x")
    assert (nothing.n, nothing.cvrmse) == (0, None)


def test_periods_are_days_in_full_and_do_not_overlap() -> None:
    first = date(2025, 9, 1)
    period = Period.of(first, train_end=date(2025, 10, 31), test_start=date(2025, 11, 1))
    assert (period.trained_until, period.first) == (61, 61)
    same_day = Period.of(first, train_end=date(2025, 10, 31), test_start=date(2025, 10, 31))
    assert (same_day.trained_until, same_day.first) == (60, 60)
    with pytest.raises(ReadingsError, match="test begins on 2025-10-30"):
        Period.of(first, train_end=date(2025, 10, 31), test_start=date(2025, 10, 30))
    with pytest.raises(ReadingsError, match="at least 7"):
        Period.of(first, train_end=date(2025, 9, 5), test_start=date(2025, 9, 6))


def test_a_horizon_of_three_days_judges_three_leads(panel: Panel) -> None:
    period = Period(trained_until=80, first=80)
    scores = backtest(panel, period, horizon_h=60, recipe=Recipe.RIDGE)
    assert {one.n for one in scores.values()} == {(10 + 9) * 24 + 8 * 12}


def test_chunks_change_nothing_for_ridges(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    from samdrift_energy_forecast.forecasting import backtest as module

    period = Period(trained_until=80, first=80)
    whole = backtest(panel, period, recipe=Recipe.RIDGE)
    monkeypatch.setattr(module, "CHUNK", 2)
    parts = backtest(panel, period, recipe=Recipe.RIDGE)
    assert [one.cvrmse for one in parts.values()] == pytest.approx([one.cvrmse for one in whole.values()], rel=1e-4)


def test_the_command_prints_figures_by_building(tmp_path: Path) -> None:
    meters, weather = written(made_panel(2, 70), tmp_path)
    days = ["--train-end", "2025-10-30", "--test-start", "2025-10-31", "--test-end", "2025-11-06"]
    ran = CliRunner().invoke(
        app, ["backtest", "--meters", str(meters), "--weather", str(weather), *days, "--horizon", "24", "--json"]
    )
    told = json.loads(ran.stdout)
    assert told["buildings"]["b0"].keys() == {"cvrmse", "nmbe", "pinball", "coverage80", "n", "model"}
    assert {one["n"] for one in told["buildings"].values()} == {7 * 24}
    assert told["medians"]["cvrmse"] == pytest.approx(np.mean([b["cvrmse"] for b in told["buildings"].values()]))
    assert told["guideline_14"]["buildings"] == 2
    table = CliRunner().invoke(app, ["backtest", "--meters", str(meters), "--weather", str(weather), *days]).stdout
    assert "Guideline 14" in table


def test_days_of_a_file_of_school_holidays_are_free(tmp_path: Path) -> None:
    meters, weather = written(made_panel(1, 30), tmp_path)
    holidays = tmp_path / "holidays.csv"
    holidays.write_text(
        "municipality,municipality_name,name,first,last,source\n0101,K,Ferie,2025-09-08,2025-09-10,page\n"
    )
    closed = _closed(holidays)
    assert closed == {date(2025, 9, day) for day in (8, 9, 10)}
    panel = read_panel(
        meters, weather, until=date(2025, 9, 30), fitted_until=date(2025, 9, 20), zone="Europe/London", closed=closed
    )
    assert np.flatnonzero(panel.clock.is_free).tolist() == [5, 6, 7, 8, 9, 12, 13, 19, 20, 26, 27]


def test_files_say_what_they_lack(tmp_path: Path) -> None:
    panel = made_panel(1, 20)
    meters, weather = written(panel, tmp_path)
    read = partial(read_panel, meters, weather, until=date(2025, 9, 15), fitted_until=date(2025, 9, 10))
    assert read().days == 15
    pd.read_parquet(weather).drop(columns="ta_c").to_parquet(weather)
    with pytest.raises(ReadingsError, match="no column ta_c or temperature_c"):
        read()
    with pytest.raises(ReadingsError, match="weather ends"):
        read_panel(meters, weather, until=date(2026, 1, 1), fitted_until=date(2025, 9, 10))
    meters.write_text("stamp,heat\n2025-09-01T00:00Z,1\n")
    with pytest.raises(ReadingsError, match="Save the table as Parquet"):
        read()


def test_stamps_at_the_end_of_their_hour_are_moved(tmp_path: Path) -> None:
    panel = made_panel(1, 20)
    meters, weather = written(panel, tmp_path)
    for path in (meters, weather):
        table = pd.read_parquet(path)
        table.index = table.index + pd.Timedelta(hours=1)
        table.to_parquet(path)
    read = read_panel(meters, weather, until=date(2025, 9, 15), fitted_until=date(2025, 9, 10), stamp="end")
    np.testing.assert_allclose(read.loads_kwh, panel.loads_kwh[:, :15])
