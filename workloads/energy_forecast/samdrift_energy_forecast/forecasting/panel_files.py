"""Panels from Parquet files of many buildings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.clock import clock, explaining_zone
from samdrift_energy_forecast.forecasting.panel import HOURS, Panel

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Names that weather columns go by.
TEMPERATURE = ("ta_c", "temperature_c")
RADIATION = ("ghi_w_m2", "global_radiation_w_m2")
#: Longer holes in the weather are refused.
LONGEST_HOLE_H = 6


def read_panel(
    meters: Path,
    weather: Path,
    *,
    until: date,
    fitted_until: date,
    zone: str | None = None,
    country: str | None = None,
    closed: Collection[date] = (),
    stamp: str = "start",
) -> Panel:
    """The days that both files have in full, up to and with `until`.

    Stamps without a zone are read as UTC. Without `zone`, loads up to `fitted_until` tell whether clocks change.

    Raises:
        ReadingsError: a file is unreadable, has no time index, lacks a column, or leaves a hole in the weather.
    """
    loads, surroundings = _hourly(meters, stamp), _hourly(weather, stamp)
    first = max(loads.index[0], surroundings.index[0]).ceil("D")
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    if surroundings.index[-1] < end - timedelta(hours=1):
        raise ReadingsError(f"The weather ends at {surroundings.index[-1].isoformat()}, before {until} does.")
    hours = _range(first, end)
    days = len(hours) // HOURS
    heat = loads.reindex(hours).to_numpy(dtype=np.float64).T.reshape(-1, days, HOURS)
    heat = np.where(np.isfinite(heat) & (heat >= 0), heat, np.nan)
    first_day = first.date()
    known = heat[:, : (fitted_until - first_day).days + 1]
    return Panel(
        buildings=tuple(str(name) for name in loads.columns),
        loads_kwh=heat,
        temperature_c=_series(surroundings, TEMPERATURE, hours),
        radiation_w_m2=_series(surroundings, RADIATION, hours),
        clock=clock(zone or explaining_zone(known, first_day), first_day, days, country, closed),
    )


def _hourly(path: Path, stamp: str) -> Any:
    """The file's table on whole hours, each stamp the beginning of its hour, in UTC."""
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ReadingsError(
            f"{path} is not readable Parquet. Save the table as Parquet with a UTC DatetimeIndex, for example with "
            "pandas' DataFrame.to_parquet."
        ) from error
    if not isinstance(table.index, pd.DatetimeIndex) or table.empty:
        raise ReadingsError(f"{path} has no time index. Write it with a UTC DatetimeIndex.")
    if not table.index.is_unique:
        raise ReadingsError(f"{path}: the stamp {table.index[table.index.duplicated()][0]} is there twice.")
    table.index = table.index.tz_localize(UTC) if table.index.tz is None else table.index.tz_convert(UTC)
    if stamp == "end":
        table.index = table.index - pd.Timedelta(hours=1)
    return table.sort_index()


def _range(first: Any, end: datetime) -> Any:
    import pandas as pd

    if first >= end:
        raise ReadingsError(f"Meters and weather begin together on {first.date()}, after the test has ended.")
    return pd.date_range(first, end, freq="h", inclusive="left")


def _series(surroundings: Any, names: tuple[str, ...], hours: Any) -> NDArray[np.float64]:
    """A weather column, shape `(days, 24)`, short holes bridged by a straight line."""
    name = next((name for name in names if name in surroundings), None)
    if name is None:
        raise ReadingsError(f"The weather has no column {' or '.join(names)}; it has {', '.join(surroundings)}.")
    bridged = surroundings[name].reindex(hours).interpolate(limit=LONGEST_HOLE_H, limit_direction="both")
    if bridged.isna().any():
        raise ReadingsError(
            f"The weather's {name} has a hole of more than {LONGEST_HOLE_H} h at {bridged.isna().idxmax()}."
        )
    series: NDArray[np.float64] = bridged.to_numpy(dtype=np.float64).reshape(-1, HOURS)
    return series
