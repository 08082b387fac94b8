"""Day-ahead heat of 15 university buildings beside skforecast, mlforecast and statsforecast: accuracy and speed.

All get the same loads, weather and calendar. The peers run in the interpreter that SAMDRIFT_PEERS_PYTHON names
(`pip install skforecast mlforecast statsforecast lightgbm` there), else in this one; a missing peer is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samdrift_energy_forecast.forecasting.backtest import Period
from samdrift_energy_forecast.forecasting.day_ahead import Recipe, day_ahead
from samdrift_energy_forecast.forecasting.designs import smoothed
from samdrift_energy_forecast.forecasting.panel import Panel
from samdrift_energy_forecast.forecasting.panel_files import read_panel
from samdrift_testing.benchmarking import Benchmark, benchmark

PEERS = ("skforecast", "mlforecast", "statsforecast")
TRAIN_END, TEST_START, TEST_END = date(2021, 12, 31), date(2022, 1, 1), date(2022, 3, 31)
SUPPORT = Path(__file__).parents[1] / "support"
#: Guideline 14's bound, and how many times as fast as a peer ours should be.
WITHIN, TIMES = 0.30, 10.0
LONGEST_PEER_S = 1800


def main() -> None:
    """Ours in three recipes, then each peer, on the same quarter."""
    folder = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy"
    meters, weather = (folder / f"uk_cambridge_{name}_2018_2022.parquet" for name in ("gas_heat_kwh", "weather"))
    if not (meters.exists() and weather.exists()):
        print(f"skipped: {meters.name} or {weather.name} is not below SAMDRIFT_DATA/energy")  # noqa: T201 - says why
        return
    panel = read_panel(meters, weather, until=TEST_END, fitted_until=TRAIN_END)
    period = Period.of(panel.clock.first_day, train_end=TRAIN_END, test_start=TEST_START)
    with benchmark("energy_peers", "Day-ahead heat of 15 buildings beside other libraries") as b:
        speeds = {f"samdrift {recipe}": _ours(b, panel, period, recipe) for recipe in Recipe}
        for peer in PEERS:
            if (found := _peer(b, panel, period, peer)) is not None:
                speeds[peer] = found
        _bars(b, speeds)
        b.notes.append(
            "trained to the end of 2021, judged January to March 2022, a forecast a day at 00 UTC, weather observed; "
            "seconds of processor time, because the machine is shared: fit and all 90 forecasts, one thread, without "
            "imports and files; ours also makes the intervals"
        )
        b.notes.append(
            "skforecast: a recursive LightGBM a building; mlforecast: one LightGBM; both with lags of 24, 48 and "
            "168 h, smoothed temperatures, radiation, local hour, weekday and day of the year, fitted once; "
            "statsforecast: MSTL (24, 168) on the last 28 days, fitted daily, loads alone"
        )


def _ours(b: Benchmark, panel: Panel, period: Period, recipe: Recipe) -> tuple[float, float]:
    began = time.process_time()
    made = day_ahead(panel, trained_until=period.trained_until, first=period.first, recipe=recipe)
    return _told(b, f"samdrift {recipe}", panel, made.expected_kwh, time.process_time() - began)


def _peer(b: Benchmark, panel: Panel, period: Period, peer: str) -> tuple[float, float] | None:
    """None where the peer is not installed."""
    python = os.environ.get("SAMDRIFT_PEERS_PYTHON", sys.executable)
    if subprocess.run([python, "-c", f"import {peer}, lightgbm"], capture_output=True).returncode:
        b.notes.append(
            f"{peer} skipped: not installed (pip install {peer} lightgbm; SAMDRIFT_PEERS_PYTHON names where)"
        )
        return None
    with tempfile.TemporaryDirectory() as folder:
        series, answer = Path(folder) / "series.npz", Path(folder) / "answer.npz"
        np.savez(series, loads=panel.loads_kwh, known_ahead=_known_ahead(panel), first=period.first)
        environment = {**os.environ, "PYTHONPATH": str(SUPPORT), "OMP_NUM_THREADS": "1"}
        command = [python, "-m", "samdrift_peers", peer, str(series), str(answer)]
        subprocess.run(command, env=environment, check=True, timeout=LONGEST_PEER_S)
        told = np.load(answer)
        return _told(b, peer, panel, told["expected"], float(told["seconds"]))


def _known_ahead(panel: Panel) -> NDArray[np.float64]:
    """What is known of the hours ahead, shape `(days, 24, columns)`."""
    temperatures = [smoothed(panel.temperature_c, life) for life in (3.0, 12.0, 36.0)]
    day_of_year = np.repeat(panel.clock.day_of_year[:, None], 24, axis=1)
    columns = [
        panel.temperature_c,
        *temperatures,
        panel.radiation_w_m2,
        panel.clock.hour,
        panel.clock.weekday,
        day_of_year,
    ]
    return np.stack(columns, axis=-1).astype(np.float64)


def _told(b: Benchmark, name: str, panel: Panel, expected: NDArray[np.float64], seconds: float) -> tuple[float, float]:
    """Buildings a second of processor time, and the median CVRMSE."""
    measured = panel.loads_kwh[:, -expected.shape[1] :]
    square = np.nanmean((np.maximum(expected, 0.0) - measured) ** 2, axis=(1, 2))
    error = np.sqrt(square) / np.nanmean(measured, axis=(1, 2))
    speed, middle = len(error) / seconds, float(np.median(error))
    b.row(
        library=name,
        buildings=len(error),
        median_cvrmse=middle,
        mean_cvrmse=float(error.mean()),
        within_30_percent=int((error <= WITHIN).sum()),
        cpu_s=seconds,
        buildings_per_cpu_s=speed,
    )
    return speed, middle


def _bars(b: Benchmark, speeds: dict[str, tuple[float, float]]) -> None:
    """10 times as fast at equal or better accuracy, by any one of our recipes."""
    for peer in (name for name in speeds if name in PEERS):
        fast, close = speeds[peer]
        better = [own for name, own in speeds.items() if name not in PEERS and own[1] <= close]
        times = max((own[0] / fast for own in better), default=0.0)
        b.bar(f"at least {TIMES:g} times as fast as {peer} at no larger median error ({times:.1f})", times >= TIMES)


if __name__ == "__main__":
    main()
