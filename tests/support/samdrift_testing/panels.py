"""Buildings of our own making: weekday heat by outdoor temperature, with noise."""

from __future__ import annotations

from datetime import date

import numpy as np

from samdrift_energy_forecast.forecasting.clock import clock
from samdrift_energy_forecast.forecasting.panel import Panel

FIRST_DAY = date(2025, 9, 1)


def made_panel(buildings: int, days: int, *, noise: float = 0.1, seed: int = 7) -> Panel:
    rng = np.random.default_rng(seed)
    hour = np.arange(24)
    day = np.arange(days)[:, None]
    temperature = 6 + 4 * np.sin(day / 3.0) + 3 * np.sin((hour - 9) / 24 * 2 * np.pi)
    is_open = (day % 7 < 5) & (hour >= 6) & (hour < 17)
    heat = np.maximum(0, 16 - temperature) * np.where(is_open, 1.5, 0.6)
    sizes = 10.0 ** rng.uniform(-1, 2, size=(buildings, 1, 1))
    return Panel(
        buildings=tuple(f"b{k}" for k in range(buildings)),
        loads_kwh=np.maximum(0.0, sizes * heat * (1 + noise * rng.normal(size=(buildings, days, 24)))),
        temperature_c=temperature,
        radiation_w_m2=np.maximum(0.0, 200 * np.sin((hour - 6) / 12 * np.pi)) * np.ones((days, 1)),
        clock=clock("UTC", FIRST_DAY, days),
    )
