"""How long the programme behind a heating plan takes, its building included: quarters, prices, zones, integers."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from samdrift_energy_forecast.planning.costs import Costs
from samdrift_energy_forecast.planning.programme import PlanningProblem, Plant, solve_zones
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.model import ThermalModel, ThermalState
from samdrift_testing.benchmarking import benchmark

MODEL = ThermalModel(
    capacity_kwh_per_k=106.5,
    loss_kw_per_k=8.5,
    mass_kw_per_k=14.1,
    intake_kw_per_k=10.4,
    supply_kw_per_k=5.2,
    base_gain_kw=20.0,
    people_gain_kw=47.8,
    solar_gain_kw_per_w_m2=0.26,
    time_constant_h=18.0,
    largest_heat_kwh=755.0,
    largest_rise_k=2.1,
)
TIMES, TIMES_WITH_INTEGERS, AIM_MS = 60, 9, 5.0


def main() -> None:
    """A row for each kind of problem: a school's model under weather and prices drawn by lot."""
    with benchmark("energy_programme", "The programme behind a heating plan") as measured:
        for name, steps_an_hour, costs, zones, plant in (
            ("flat price", 1, "flat", 1, Plant()),
            ("price, peak, return", 1, "all", 1, Plant()),
            ("price, peak, return, by the quarter-hour", 4, "all", 1, Plant()),
            ("three zones behind one plant", 1, "all", 3, Plant(largest_kwh=1500.0)),
            ("least load 40 %, 3 h at least", 1, "flat", 1, Plant(least_share=0.4, shortest_run=3)),
        ):
            times = TIMES_WITH_INTEGERS if plant.switches else TIMES
            took_ms = [_solved_ms(72, steps_an_hour, costs, zones, plant, seed) for seed in range(times)]
            measured.row(
                problem=name,
                steps=72 * steps_an_hour,
                n=times,
                median_ms=float(np.median(took_ms)),
                p95_ms=float(np.quantile(took_ms, 0.95)),
                per_hour=float(3.6e6 / np.median(took_ms)),
            )
        hourly = [float(str(row["median_ms"])) for row in measured.rows[:2]]
        measured.bar(
            f"72 hourly steps in {AIM_MS:g} ms, building included ({max(hourly):.1f} ms)", max(hourly) <= AIM_MS
        )
        measured.notes.append("CPU time on one core; per_hour: problems in an hour at the median")


def _solved_ms(count_h: int, steps_an_hour: int, costs: str, zones: int, plant: Plant, seed: int) -> float:
    problem = _problem(count_h * steps_an_hour, steps_an_hour, costs, seed)
    begun = time.process_time()
    solve_zones([problem] * zones, plant)
    return 1e3 * (time.process_time() - begun)


def _problem(count: int, steps_an_hour: int, costs: str, seed: int) -> PlanningProblem:
    lot = np.random.default_rng(seed)
    hour = np.arange(count) // steps_an_hour % 24
    is_open, fans = (hour >= 8) & (hour < 16), (hour >= 6) & (hour < 21)
    operation = Operation(
        first=0,
        temperature_c=lot.normal(0.0, 5.0) + np.cumsum(lot.normal(0.0, 0.4, count)),
        global_radiation_w_m2=np.zeros(count),
        is_open=is_open,
        is_ventilated=fans & (seed % 3 > 0),
        is_warm=is_open,
        setback_c=np.where(is_open, 21.0, 16.0),
    )
    weighed = Costs.of_heat_alone(count)
    if costs == "all":
        prices = lot.uniform(0.2, 2.0, count)
        weighed = replace(
            weighed,
            per_kwh=prices,
            surplus_per_kwh=0.0,
            comfort_per_kwh=2.0,
            peak_per_kw=5.0,
            boost_per_kwh=0.2,
            boost_from_share=0.7,
        )
    return PlanningProblem(
        model=MODEL,
        start=ThermalState(room_c=17.0, mass_c=18.0),
        operation=operation,
        lowest_c=np.where(is_open, 20.4, 15.0),
        fastest_rise_k=np.full(count, 2.1),
        reference_end=ThermalState(room_c=17.0, mass_c=18.0),
        costs=weighed,
        step_h=1 / steps_an_hour,
    )


if __name__ == "__main__":
    main()
