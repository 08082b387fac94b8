"""Plans that follow hourly prices, the highest hour, return temperature and CO2, each played in the emulator.

A fortnight of nightly plans in EnergyPlus, from what its meters showed and a weather forecast with error, against fixed
setback and against the plan that only spares heat. Prices are DK2's of the same weeks in 2022, CO2 is made of Denmark's
generation of 2019; both from `SAMDRIFT_DATA`, without which it says so and passes. Ten minutes on one core.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.tariff import ReturnTemperature
from samdrift_energy_forecast.emulator import Simulated, simulate, simulate_controlled
from samdrift_energy_forecast.planning.pricing import believed
from samdrift_testing.benchmarking import Benchmark, benchmark
from samdrift_testing.signal_control import HISTORY_DAYS, HORIZON_H, PLANNED_DAYS, SignalControl

BUILDINGS = ("primary_school", "small_office")
WEATHERS = ("usa_il_chicago", "usa_co_golden")
HEAT_PRICE, ADDED = 0.62, 0.60
#: A Monday as the fortnight's first day is, with the winter's prices; and of the year of the generation mix.
PRICED_FROM, EMITTED_FROM = "2022-01-31", "2019-01-28"
#: kg CO2 for each kWh of electricity: lignite-free Danish plants, from fuel factors and usual efficiencies.
KG_PER_KWH = {"coal": 0.85, "gas": 0.40, "oil": 0.75}
#: DKK for a kW of a plan's highest hour; DKK for a kg CO2.
PEAK_PRICE, CO2_PRICE = 10.0, 3.0
RETURN = ReturnTemperature()
COUNT = PLANNED_DAYS * hours.DAY


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A fortnight: heat in kWh, its cost at hourly prices in DKK, its highest hour in kW, and so on."""

    heat_kwh: float
    cost: float
    peak_kw: float
    boost_kwh: float
    kg_co2: float
    cold_kh: float


def main() -> None:
    """All buildings and weather files, each under five kinds of plan."""
    data = Path(os.environ.get("SAMDRIFT_DATA") or "/nowhere") / "energy"
    with benchmark("energy_signals", "Heating plans that follow prices, peaks, return temperature and CO2") as measured:
        if not (data / "dk2_elspot_hourly_2017_2022.parquet").is_file():
            measured.notes.append("not run: SAMDRIFT_DATA has no energy/dk2_elspot_hourly_2017_2022.parquet")
            return
        price, co2 = _prices(data), _emissions(data)
        for building in BUILDINGS:
            for weather in WEATHERS:
                _case(
                    measured,
                    SignalControl(
                        building=building,
                        weather=weather,
                        per_kwh=(HEAT_PRICE,) * (COUNT + HORIZON_H),
                        reference_per_kwh=HEAT_PRICE,
                    ),
                    price,
                    co2,
                )
        _judge(measured)


def _case(measured: Benchmark, flat: SignalControl, price: np.ndarray, co2: np.ndarray) -> None:
    plans = {
        "heat alone": replace(flat, follows=False),
        "heat alone, followed": flat,
        "hourly price": _following(flat, price),
        "peak": replace(flat, peak_per_kw=PEAK_PRICE),
        "return": replace(
            flat, boost_per_kwh=RETURN.surcharge_share * HEAT_PRICE, boost_from_share=RETURN.paid_from_share
        ),
        "CO2": _following(flat, HEAT_PRICE + CO2_PRICE * co2),
    }
    fixed = simulate(flat.experiment())
    largest_kwh = max(fixed.heat_kwh[: HISTORY_DAYS * hours.DAY])
    base = _scored(fixed, largest_kwh, price, co2)
    for name, control in {"fixed setback": None, **plans}.items():
        scored = (
            base
            if control is None
            else _scored(simulate_controlled(control.experiment(), control), largest_kwh, price, co2)
        )
        measured.row(
            building=flat.building,
            weather=flat.weather,
            plan=name,
            heat_kwh=scored.heat_kwh,
            heat=_change(scored.heat_kwh, base.heat_kwh),
            cost_dkk=scored.cost,
            cost=_change(scored.cost, base.cost),
            peak_kw=scored.peak_kw,
            peak=_change(scored.peak_kw, base.peak_kw),
            over_70_percent_kwh=scored.boost_kwh,
            over_70_percent=_change(scored.boost_kwh, base.boost_kwh),
            kg_co2=scored.kg_co2,
            co2=_change(scored.kg_co2, base.kg_co2),
            cold_kh=scored.cold_kh,
        )


def _following(flat: SignalControl, per_kwh: np.ndarray) -> SignalControl:
    reference = float(per_kwh.mean())
    return replace(flat, per_kwh=tuple(believed(per_kwh, reference)), reference_per_kwh=reference)


def _scored(run: Simulated, largest_kwh: float, price: np.ndarray, co2: np.ndarray) -> Scored:
    heat = np.array(run.heat_kwh[HISTORY_DAYS * hours.DAY :])
    of_day = np.arange(COUNT) % hours.DAY
    is_open = (np.arange(COUNT) // hours.DAY % 7 < 5) & (of_day >= 8) & (of_day < 16)
    cold = [np.array(zone[HISTORY_DAYS * hours.DAY :])[is_open].sum() for zone in run.cold_kelvin_hours.values()]
    return Scored(
        heat_kwh=float(heat.sum()),
        cost=float(heat @ price[:COUNT]),
        peak_kw=float(heat.max()),
        boost_kwh=float(np.maximum(0.0, heat - RETURN.paid_from_share * largest_kwh).sum()),
        kg_co2=float(heat @ co2[:COUNT]),
        cold_kh=float(np.mean(cold)),
    )


def _change(value: float, base: float) -> float:
    """In percent of fixed setback's."""
    return 100 * (value / base - 1) if base else 0.0


def _prices(data: Path) -> np.ndarray:
    """DKK/kWh of electricity: spot and what is added, by Danish hours from Monday on."""
    table = pd.read_parquet(data / "dk2_elspot_hourly_2017_2022.parquet")
    spot = table.assign(at=pd.to_datetime(table.HourDK)).set_index("at").sort_index().SpotPriceDKK / 1000
    return ADDED + np.asarray(spot[PRICED_FROM:])[: COUNT + HORIZON_H]


def _emissions(data: Path) -> np.ndarray:
    """kg/kWh of Danish production, by the hour."""
    table = pd.read_parquet(data / "dk_generation_mix_15min_2019.parquet")
    table.index = pd.to_datetime(table.index)
    emitted = sum(table[fuel] * factor for fuel, factor in KG_PER_KWH.items())
    hourly = (emitted / table.production_total).resample("1h").mean()
    return np.asarray(hourly[EMITTED_FROM:])[: COUNT + HORIZON_H]


def _judge(measured: Benchmark) -> None:
    alone = _mean(measured, "heat alone, followed")
    for name, column, what in (
        ("hourly price", "cost", "cost at hourly prices"),
        ("peak", "peak", "the highest hour"),
        ("return", "over_70_percent", "heat above 70 % of the plant's largest"),
        ("CO2", "co2", "CO2"),
    ):
        changed, plain = _mean(measured, name)[column], alone[column]
        said = f"{what}: {changed:+.1f} % against fixed setback, {plain:+.1f} % by sparing heat alone"
        measured.bar(said, changed < plain)
    measured.notes += [
        f"n = {len(BUILDINGS) * len(WEATHERS)} fortnights; bars compare means over them; the range is in the rows",
        "cold_kh: operative temperature below 20 C while open, mean of the controlled zones, K h in the fortnight",
        "heat_kwh is the emulator's gas; for prices and CO2 it is taken to be an electric boiler's",
        "prices are known for the whole horizon here; a real plan knows 12 to 36 h and repeats the day before",
        "how much of a price's distance from the flat one is believed was chosen on Chicago's weather",
    ]


def _mean(measured: Benchmark, plan: str) -> Mapping[str, float]:
    rows = [row for row in measured.rows if row["plan"] == plan]
    return {
        name: float(np.mean([float(str(row[name])) for row in rows]))
        for name in ("cost", "peak", "over_70_percent", "co2")
    }


if __name__ == "__main__":
    main()
