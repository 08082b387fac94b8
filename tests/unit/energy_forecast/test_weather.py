from __future__ import annotations

import numpy as np
import pytest

from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.surroundings.weather import weather_as_known

HISTORY_H = 21 * 24


def warmer(forecast_csv: bytes, issued: str, kelvin: float) -> list[str]:
    """Rows of the same forecast, issued at another time and warmer."""
    rows = [line.split(",") for line in forecast_csv.decode().splitlines()[1:]]
    return [f"{issued},{stamp},{float(celsius) + kelvin},{sun}" for _, stamp, celsius, sun in rows]


def temperatures(observed: bytes, forecast: bytes, issue: int) -> np.ndarray:
    known = weather_as_known(observed, forecast, first=issue - HISTORY_H, issue=issue, horizon=HORIZON_H)
    return known.temperature_c


def test_only_the_latest_forecast_issued_in_time_is_used(observed_csv: bytes, forecast_csv: bytes, issue: int) -> None:
    alone = temperatures(observed_csv, forecast_csv, issue)
    older = warmer(forecast_csv, "2026-01-25T11:00:00Z", 5.0)
    newer = warmer(forecast_csv, "2026-01-26T05:00:00Z", 9.0)
    mixed = "\n".join([*older, *newer])
    np.testing.assert_array_equal(temperatures(observed_csv, forecast_csv + mixed.encode(), issue), alone)


def test_a_forecast_that_was_issued_too_late_is_no_forecast(
    observed_csv: bytes, forecast_csv: bytes, issue: int
) -> None:
    header = forecast_csv.splitlines()[0].decode()
    late = "\n".join([header, *warmer(forecast_csv, "2026-01-26T05:00:00Z", 0.0)]).encode()
    with pytest.raises(ReadingsError, match="No weather forecast was issued by"):
        temperatures(observed_csv, late, issue)


def test_where_the_forecast_ends_too_early_the_day_before_goes_on_and_it_is_told(
    observed_csv: bytes, forecast_csv: bytes, issue: int
) -> None:
    short = b"\n".join(forecast_csv.splitlines()[:-20])
    known = weather_as_known(observed_csv, short, first=issue - HISTORY_H, issue=issue, horizon=HORIZON_H)
    assert known.continued_h == 20
    np.testing.assert_array_equal(known.temperature_c[-20:], known.temperature_c[-44:-24])
    assert known.forecast_age_h == 0.0


def test_of_several_forecasts_each_hour_has_its_latest(observed_csv: bytes, forecast_csv: bytes, issue: int) -> None:
    header, *rows = forecast_csv.decode().splitlines()
    older = warmer(forecast_csv, "2026-01-25T11:07:30Z", 5.0)
    mixed = "\n".join([header, *older, *rows[: HORIZON_H - 18]]).encode()
    found, whole = temperatures(observed_csv, mixed, issue), temperatures(observed_csv, forecast_csv, issue)
    np.testing.assert_allclose(found[-18:], whole[-18:] + 5.0)
    np.testing.assert_array_equal(found[:-18], whole[:-18])


def test_weather_that_ended_days_ago_carries_no_plan(observed_csv: bytes, forecast_csv: bytes, issue: int) -> None:
    rows = forecast_csv.splitlines()
    header, first = rows[:2]
    old = "\n".join([header.decode(), first.decode()]).encode()
    with pytest.raises(ReadingsError, match="80 h are missing at the plan's end"):
        weather_as_known(observed_csv, old, first=issue - HISTORY_H, issue=issue, horizon=81)


def test_a_short_hole_is_bridged_and_a_long_one_refused(observed_csv: bytes, forecast_csv: bytes, issue: int) -> None:
    rows = observed_csv.splitlines()
    bridged = temperatures(b"\n".join(rows[:100] + rows[103:]), forecast_csv, issue)
    whole = temperatures(observed_csv, forecast_csv, issue)
    np.testing.assert_allclose(bridged, whole, atol=1.5)
    with pytest.raises(ReadingsError, match="a hole of 20 h"):
        temperatures(b"\n".join(rows[:100] + rows[120:]), forecast_csv, issue)


def test_observations_after_the_issue_time_are_not_looked_at(
    observed_csv: bytes, forecast_csv: bytes, issue: int
) -> None:
    later = observed_csv + b"2026-01-26T05:00:00Z,30,900\n"
    np.testing.assert_array_equal(
        temperatures(later, forecast_csv, issue), temperatures(observed_csv, forecast_csv, issue)
    )
