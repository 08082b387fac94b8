"""A fleet made of real meters, each perturbed: other size, other weeks, noise; rooms follow from the heat.

The meters are English and the buildings Danish: what happened at 8 o'clock there happens at 8 o'clock here, also when
the clocks change here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_testing.heated_fleet import FORECAST_H, TOWNS, Fleet, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Gas for heat of 15 buildings and the weather beside them, below SAMDRIFT_DATA.
HEAT = Path("energy") / "uk_cambridge_gas_heat_kwh_2018_2022.parquet"
WEATHER = Path("energy") / "uk_cambridge_weather_2018_2022.parquet"
#: The plans' beginning in the data lies in this week; weekday and hour are those of the issue time.
WEEK = datetime(2022, 2, 14)  # noqa: DTZ001 - the file's own UTC stamps carry no zone
DENMARK = ZoneInfo("Europe/Copenhagen")
#: Meters are moved by up to so many weeks.
MOST_WEEKS = 3
#: What the rooms of a building are taken for: mean temperature, and hours in which it cools by two thirds.
MEAN_C, TIME_CONSTANT_H = 20.0, 50.0


def perturbed(data: Path, count: int, *, first: int = 0, days: int, issue_time: datetime) -> Fleet:
    """`count` buildings from number `first` on, each one of the meters below `data` in turn.

    Their plans begin at `issue_time`; towns have the same weather.
    """
    import pandas as pd

    random = np.random.default_rng([2, first])
    meters, weather = pd.read_parquet(data / HEAT), pd.read_parquet(data / WEATHER)
    begins = int(meters.index.get_loc(_begin(issue_time)))
    hours = days * 24
    span = slice(begins - hours, begins + FORECAST_H)
    outdoor_c, radiation = (weather[name].ffill().to_numpy(float)[span] for name in ("ta_c", "ghi_w_m2"))
    places = begins + np.arange(-hours, 0) + _clock_h(issue_time, hours)
    heat = np.array([_meter(random, meters, first + number, places) for number in range(count)])
    return Fleet(
        ids=named(first, count),
        issue_time=issue_time,
        heat_kwh=heat,
        indoor_c=_rooms(heat, outdoor_c[:hours]),
        outdoor_c=np.tile(outdoor_c, (len(TOWNS), 1)),
        radiation_w_m2=np.tile(radiation, (len(TOWNS), 1)),
    )


def _begin(issue_time: datetime) -> datetime:
    shift = (issue_time.weekday() - WEEK.weekday()) % 7
    return WEEK + timedelta(days=shift, hours=issue_time.hour)


def _clock_h(issue_time: datetime, hours: int) -> NDArray[np.int64]:
    """How far Denmark's clock was ahead of UTC in each hour before `issue_time`; the meters' is not (winter)."""
    begun = (issue_time - timedelta(hours=k) for k in range(hours, 0, -1))
    ahead = (instant.astimezone(DENMARK).utcoffset() for instant in begun)
    return np.array([each // timedelta(hours=1) for each in ahead if each is not None])


def _meter(random: np.random.Generator, meters: Any, number: int, places: NDArray[np.int64]) -> NDArray[np.float64]:
    weeks = int(random.integers(-MOST_WEEKS, MOST_WEEKS + 1)) * 168
    name = meters.columns[number % len(meters.columns)]
    taken: NDArray[np.float64] = meters[name].to_numpy(float)[places + weeks]
    scale, noise = random.lognormal(0.0, 0.3), np.maximum(0.0, random.normal(1.0, 0.05, len(places)))
    return np.nan_to_num(taken * scale * noise)


def _rooms(heat_kwh: NDArray[np.float64], outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean room temperature of each building in C: one heat balance, sized so that its mean is MEAN_C."""
    loss = heat_kwh.sum(axis=1) / np.maximum(1.0, np.maximum(0.0, MEAN_C - outdoor_c).sum())
    loss = np.maximum(loss, 1e-3)
    capacity = loss * TIME_CONSTANT_H
    room, rooms = np.full(len(heat_kwh), MEAN_C), np.empty_like(heat_kwh)
    for k in range(heat_kwh.shape[1]):
        room = (capacity * room + loss * outdoor_c[k] + heat_kwh[:, k]) / (capacity + loss)
        rooms[:, k] = room
    return np.clip(rooms, 12.0, 26.0)
