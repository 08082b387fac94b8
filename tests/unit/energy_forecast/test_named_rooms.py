"""Rooms with sensors of their own, on rooms whose way from the columns is known."""

from __future__ import annotations

import numpy as np
import pytest

from samdrift_energy_forecast.metering.readings import read_meters
from samdrift_energy_forecast.thermal.named_rooms import NamedRooms, learn_rooms

DAYS = 16
HOURS = DAYS * 24
#: Weeks from a Monday's midnight, from 8 to 16.
OPEN = (np.arange(HOURS) // 24 % 7 < 5) & (np.arange(HOURS) % 24 >= 8) & (np.arange(HOURS) % 24 < 16)
#: East and west: one is cold in the afternoon, the other in the morning.
SHARES = np.array([0.0, 0.4, 0.9])
OFFSET_K = np.array([np.zeros(24), np.linspace(0.3, -0.3, 24), np.linspace(-0.2, 0.2, 24)])


def columns(seed: int = 0) -> np.ndarray:
    """Mean and coldest, which come closer and part again."""
    random = np.random.default_rng(seed)
    mean_c = 20.3 + 0.5 * np.sin(np.arange(HOURS) / 5) + random.normal(0, 0.1, HOURS)
    return np.array([mean_c, mean_c - 0.5 - random.uniform(0, 1, HOURS)])


def rooms(columns_c: np.ndarray, own: np.ndarray, lag_k: float = 0.0) -> np.ndarray:
    hour = np.arange(HOURS) % 24
    mixed = (1 - SHARES)[:, None] * columns_c[0] + SHARES[:, None] * columns_c[1]
    return np.asarray(mixed + OFFSET_K[:, hour] - lag_k * own)


def learnt(lag_k: float = 0.0, own_days: int = 0) -> tuple[NamedRooms, np.ndarray]:
    own = np.arange(HOURS) >= HOURS - 24 * own_days
    columns_c = columns()
    rooms_c = rooms(columns_c, own, lag_k)
    return learn_rooms(rooms_c, columns_c, 0, OPEN, own, 20.0), columns_c


def test_rooms_follow_from_the_columns() -> None:
    found, _ = learnt()
    other = columns(seed=1)
    told = found.read_off(other.T, np.arange(HOURS) % 24, own=False).T
    apart = (told - rooms(other, np.zeros(HOURS, dtype=bool)))[:, OPEN]
    assert np.abs(apart).max() < 0.12


def test_a_room_that_lags_under_plans_is_known_to_after_some_days() -> None:
    (few, _), (many, columns_c) = learnt(0.6, own_days=1), learnt(0.6, own_days=9)
    hour = np.arange(9, 16)
    middle_c = np.repeat(columns_c.mean(axis=1)[None], len(hour), axis=0)
    lags = [
        (one.read_off(middle_c, hour, own=False) - one.read_off(middle_c, hour, own=True)).mean() for one in (few, many)
    ]
    assert 0.05 < lags[0] < lags[1] < 0.6
    assert lags[1] > 0.35


def test_holes_are_no_evidence() -> None:
    columns_c, own = columns(), np.zeros(HOURS, dtype=bool)
    rooms_c = rooms(columns_c, own)
    rooms_c[:, 30:60] = np.nan
    holed = learn_rooms(rooms_c, columns_c, 0, OPEN, own, 20.0)
    assert holed.shares[:, 1] == pytest.approx(SHARES, abs=0.1)
    assert np.isfinite(holed.own_offset_k).all()


def test_rooms_are_read_by_their_names(meter_csv: bytes, issue: int) -> None:
    header, *rows = meter_csv.decode().splitlines()
    data = "\n".join([f"{header},room:2.14 øst", *(f"{row},{19 + k % 2}" for k, row in enumerate(rows))]).encode()
    readings = read_meters(data, issue)
    assert list(readings.rooms_c) == ["2.14 øst"]
    assert set(readings.rooms_c["2.14 øst"].tolist()) == {19.0, 20.0}
    assert readings.rooms_c["2.14 øst"].shape == readings.indoor_c.shape
    assert read_meters(meter_csv, issue).rooms_c == {}
