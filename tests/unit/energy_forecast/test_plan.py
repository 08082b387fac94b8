from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.planning.costs import SHORTFALL_PRICE, Costs
from samdrift_energy_forecast.planning.programme import PlanningProblem, Trajectory, solve
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.model import ThermalState
from samdrift_testing.grey_box import HEAVY


def cold_hours(count: int, outdoor_c: float = -2.0) -> Operation:
    of_day = np.arange(count) % 24
    is_open = (of_day >= 8) & (of_day < 16)
    return Operation(
        first=0,
        temperature_c=np.full(count, outdoor_c),
        global_radiation_w_m2=np.zeros(count),
        is_open=is_open,
        is_ventilated=is_open,
        is_warm=is_open,
        setback_c=np.where(is_open, 21.0, 16.0),
    )


def problem(
    count: int, *, start_c: float = 18.0, lowest_c: float | None = None, outdoor_c: float = -2.0
) -> PlanningProblem:
    operation = cold_hours(count, outdoor_c)
    lowest = np.where(operation.is_open, 20.0, 15.0) if lowest_c is None else np.full(count, lowest_c)
    return PlanningProblem(
        model=HEAVY,
        start=ThermalState(room_c=start_c, mass_c=start_c),
        operation=operation,
        lowest_c=lowest,
        fastest_rise_k=np.full(count, 50.0),
        reference_end=ThermalState(room_c=17.0, mass_c=17.0),
    )


def cost_kwh(task: PlanningProblem, heat: np.ndarray) -> float:
    return cost_of_kwh(task, heat, task.model.temperatures(heat, task.operation, task.start))


def cost_of_kwh(task: PlanningProblem, heat: np.ndarray, run: np.ndarray) -> float:
    """The objective, written out: heat, shortfall and peak at their prices, less the heat left after the run."""
    shortfall = np.maximum(0.0, task.lowest_c - run[:, 0]).sum()
    left = task.model.capacity_kwh_per_k * (run[-1, 0] - task.reference_end.room_c)
    left += task.model.mass_kw_per_k * task.model.time_constant_h * (run[-1, 1] - task.reference_end.mass_c)
    dear = SHORTFALL_PRICE * task.model.largest_heat_kwh * shortfall + task.prices.peak_per_kw * heat.max()
    return float(heat.sum() + dear - left)


@pytest.fixture(scope="module")
def grid() -> list[tuple[np.ndarray, np.ndarray]]:
    """Every way to heat four hours at 13 levels, and where it leads; no price changes that."""
    task, levels = problem(4), np.linspace(0.0, 30.0, 13)
    heats = (np.array(heat) for heat in itertools.product(levels, repeat=4))
    return [(heat, task.model.temperatures(heat, task.operation, task.start)) for heat in heats]


@pytest.mark.parametrize("peak_price_h", [0.0, 3.0])
@pytest.mark.parametrize("lowest_c", [16.0, 18.5, 21.0])
def test_no_heat_on_a_grid_is_cheaper(
    grid: list[tuple[np.ndarray, np.ndarray]], lowest_c: float, peak_price_h: float
) -> None:
    task = replace(problem(4, lowest_c=lowest_c), costs=Costs.of_heat_alone(4, peak_per_kw=peak_price_h))
    found = solve(task)
    brute = min(cost_of_kwh(task, heat, run) for heat, run in grid)
    assert found.objective == pytest.approx(cost_kwh(task, found.heat_kwh), abs=1e-4)
    assert found.objective <= brute + 1e-6
    # A solution between the grid's levels is at most one level an hour cheaper.
    assert found.objective >= brute - 4 * 2.5 * (1 + peak_price_h)


def check_bounds(task: PlanningProblem, found: Trajectory) -> None:
    assert (found.heat_kwh >= task.model.unavoidable_kwh(task.operation) - 1e-6).all()
    assert (found.heat_kwh <= task.model.largest_heat_kwh + 1e-6).all()
    assert (found.room_c + found.shortfall_k >= task.lowest_c - 1e-6).all()
    run = task.model.temperatures(found.heat_kwh, task.operation, task.start)
    np.testing.assert_allclose(run, np.column_stack([found.room_c, found.mass_c]), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(start_c=st.floats(-10.0, 35.0), outdoor_c=st.floats(-40.0, 30.0), lowest_c=st.floats(5.0, 25.0))
def test_there_is_a_plan_from_any_start(start_c: float, outdoor_c: float, lowest_c: float) -> None:
    task = problem(48, start_c=start_c, lowest_c=lowest_c, outdoor_c=outdoor_c)
    check_bounds(task, solve(task))


def test_after_a_heating_failure_at_12_degrees_it_heats_fully_until_warm() -> None:
    found = solve(problem(48, start_c=12.0))
    assert found.shortfall_k[0] > 0
    assert found.heat_kwh[0] == pytest.approx(30.0)
    assert found.shortfall_k[-12:].max() < 1e-6


def test_it_heats_no_earlier_than_opening_demands() -> None:
    found = solve(problem(24))
    heated = np.flatnonzero(found.heat_kwh > HEAVY.unavoidable_kwh(cold_hours(24)) + 1e-6)
    assert heated.min() < 8
    assert (np.diff(heated) == 1).all()
    assert found.comfort_price_per_k[8] > 0


def test_a_mild_day_needs_no_heat() -> None:
    found = solve(problem(24, start_c=21.0, outdoor_c=19.0))
    assert found.heat_kwh.sum() == pytest.approx(0.0, abs=1e-6)


def test_rooms_that_warm_slowly_are_heated_earlier() -> None:
    quick, slow = (solve(replace(problem(24), fastest_rise_k=np.full(24, rise))) for rise in (50.0, 0.3))
    assert np.flatnonzero(slow.heat_kwh > 1.0).min() < np.flatnonzero(quick.heat_kwh > 1.0).min()
    assert np.diff(slow.room_c).max() <= 0.3 + 1e-6


def test_a_price_on_the_peak_lowers_it() -> None:
    free, priced = (
        solve(replace(problem(24), costs=Costs.of_heat_alone(24, peak_per_kw=price))) for price in (0.0, 10.0)
    )
    assert priced.heat_kwh.max() < free.heat_kwh.max() - 1.0
