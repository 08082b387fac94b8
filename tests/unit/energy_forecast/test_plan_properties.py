"""What holds of every heating plan: there is one, it keeps the hard limits, and it buys less of what gets dearer.

The oracle is another formulation, solved by scipy: heat alone is variable there, and rooms follow from it through a
matrix of answers to one kWh in each step, which this file simulates itself.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from samdrift_energy_forecast.planning.binding import Binding
from samdrift_energy_forecast.planning.costs import SHORTFALL_PRICE, Costs
from samdrift_energy_forecast.planning.programme import PlanningProblem, Plant, solve, solve_zones
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.model import ThermalState
from samdrift_testing.grey_box import HEAVY

STEPS = 12
prices = st.lists(st.floats(-1.0, 8.0), min_size=STEPS, max_size=STEPS).map(np.array)
limits_c = st.lists(st.floats(0.0, 35.0), min_size=STEPS, max_size=STEPS).map(np.array)
outdoors_c = st.lists(st.floats(-30.0, 30.0), min_size=STEPS, max_size=STEPS).map(np.array)


def operation(outdoor_c: np.ndarray, *, steps_an_hour: int = 1) -> Operation:
    count = len(outdoor_c)
    is_open = (np.arange(count) // steps_an_hour + 2) % 24 >= 8
    return Operation(
        first=0,
        temperature_c=outdoor_c,
        global_radiation_w_m2=np.zeros(count),
        is_open=is_open,
        is_ventilated=is_open,
        is_warm=is_open,
        setback_c=np.where(is_open, 21.0, 16.0),
    )


def problem(
    lowest_c: np.ndarray, outdoor_c: np.ndarray, costs: Costs | None = None, start_c: float = 17.0
) -> PlanningProblem:
    return PlanningProblem(
        model=HEAVY,
        start=ThermalState(room_c=start_c, mass_c=start_c),
        operation=operation(outdoor_c),
        lowest_c=lowest_c,
        fastest_rise_k=np.full(len(lowest_c), 50.0),
        reference_end=ThermalState(room_c=17.0, mass_c=17.0),
        costs=costs,
    )


def rooms(task: PlanningProblem, heat_kwh: np.ndarray) -> np.ndarray:
    """Room and mass temperatures, shape (n, 2), by a matrix of the balance solved step by step."""
    share = 1 - np.exp(-1 / HEAVY.time_constant_h)
    room, mass, told = task.start.room_c, task.start.mass_c, []
    for k, heat in enumerate(heat_kwh):
        fans = float(task.operation.is_ventilated[k])
        outdoor = float(task.operation.temperature_c[k])
        gain = HEAVY.base_gain_kw + HEAVY.people_gain_kw * float(task.operation.is_open[k])
        intake = min(30.0, fans * 0.2 * max(0.0, 13.0 - outdoor))
        # heat = 20 (T - room) + 0.5 (T - outdoor) + 1.0 (T - M) + intake + fans 0.1 (T - 13) - gain
        matrix = np.array([[20.0 + 0.5 + 1.0 + 0.1 * fans, -1.0], [-share, 1.0]])
        right = np.array([heat + 20.0 * room + 0.5 * outdoor - intake + fans * 0.1 * 13.0 + gain, (1 - share) * mass])
        room, mass = np.linalg.solve(matrix, right)
        told.append((room, mass))
    return np.array(told)


def oracle(task: PlanningProblem) -> float:
    """The least objective, by scipy: columns are heat, shortfall, peak, boost, missing and surplus at the end."""
    n, costs = len(task), task.prices
    free = rooms(task, np.zeros(n))
    answers = np.stack([rooms(task, row) - free for row in np.eye(n)], axis=2)  # (step, room or mass, heated step)
    left = np.array([20.0, HEAVY.mass_kw_per_k * HEAVY.time_constant_h])
    full = 30.0 * costs.comfort_per_kwh
    cost = np.concatenate(
        [
            costs.per_kwh,
            np.full(n, SHORTFALL_PRICE * full),
            [costs.peak_per_kw],
            np.full(n, costs.boost_per_kwh),
            [costs.reference_per_kwh, -costs.surplus_per_kwh],
        ]
    )
    eye, none = np.eye(n), np.zeros((n, n))
    column, columns = np.zeros((n, 1)), np.zeros((n, 2))
    held = rooms_held(task)
    above = np.vstack(
        [
            np.hstack([-answers[:, 0], -eye, column, none, columns]),
            np.hstack([eye, none, column - 1, none, columns]),
            np.hstack([eye, none, column, -eye, columns]),
            np.hstack([answers[:, 0], none, column, none, columns]),
            np.hstack([-answers[:, 0], none, column, none, columns]),
        ]
    )
    most = np.concatenate(
        [
            free[:, 0] - task.lowest_c,
            np.zeros(n),
            np.full(n, costs.boost_from_share * 30.0),
            np.maximum(task.highest_c, held) + 1e-6 - free[:, 0],
            free[:, 0] - np.minimum(task.frost_c, held) + 1e-6,
        ]
    )
    end = left @ np.array([task.reference_end.room_c, task.reference_end.mass_c]) - left @ free[-1]
    equal = np.concatenate([left @ answers[-1], np.zeros(2 * n + 1), [1.0, -1.0]])
    least = np.minimum(30.0, 0.2 * np.maximum(0.0, 13.0 - task.operation.temperature_c) * task.operation.is_ventilated)
    bounds = [(kwh, 30.0) for kwh in least] + [(0.0, None)] * n + [(costs.peak_free_kw, None)] + [(0.0, None)] * (n + 2)
    found = linprog(cost, A_ub=above, b_ub=most, A_eq=equal[None], b_eq=[end], bounds=bounds)
    assert found.success, found.message
    return float(found.fun)


def rooms_held(task: PlanningProblem) -> np.ndarray:
    """Room temperatures behind a thermostat at the frost limit, found by bisection on each step's heat."""
    heats = np.zeros(len(task))
    for k in range(len(task)):
        outdoor = float(task.operation.temperature_c[k])
        low = min(30.0, 0.2 * max(0.0, 13.0 - outdoor) * float(task.operation.is_ventilated[k]))
        high = 30.0
        for _ in range(60):
            heats[k] = (low + high) / 2
            if rooms(task, heats[: k + 1])[k, 0] < task.frost_c:
                low = heats[k]
            else:
                high = heats[k]
    return rooms(task, heats)[:, 0]


@settings(max_examples=8, deadline=None)
@given(
    per_kwh=prices,
    lowest_c=limits_c,
    outdoor_c=outdoors_c,
    start_c=st.floats(0.0, 40.0),
    peak=st.floats(0.0, 10.0),
    boost=st.floats(0.0, 1.0),
)
def test_another_formulation_finds_nothing_cheaper(
    per_kwh: np.ndarray, lowest_c: np.ndarray, outdoor_c: np.ndarray, start_c: float, peak: float, boost: float
) -> None:
    costs = Costs(
        per_kwh=per_kwh,
        surplus_per_kwh=0.2,
        comfort_per_kwh=8.0,
        peak_per_kw=peak,
        peak_free_kw=5.0,
        boost_per_kwh=boost,
        boost_from_share=0.4,
    )
    task = problem(lowest_c, outdoor_c, costs, start_c)
    assert solve(task).objective == pytest.approx(oracle(task), rel=1e-5, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(per_kwh=prices, lowest_c=limits_c, outdoor_c=outdoors_c, start_c=st.floats(0.0, 40.0))
def test_there_is_a_plan_within_the_hard_limits_for_any_start_limits_and_prices(
    per_kwh: np.ndarray, lowest_c: np.ndarray, outdoor_c: np.ndarray, start_c: float
) -> None:
    task = problem(lowest_c, outdoor_c, Costs(per_kwh=per_kwh, surplus_per_kwh=0.0), start_c)
    found, untouched = solve(task), rooms(task, task.least_kwh)[:, 0]
    assert (found.heat_kwh >= task.least_kwh - 1e-6).all()
    assert (found.heat_kwh <= 30.0 + 1e-6).all()
    # Warmer than the highest temperature only where least heat leaves it warmer, or rooms that start hot.
    above = found.room_c > 25.0 + 1e-5
    assert (found.room_c[above] <= np.maximum(untouched, rooms_of_frost(task))[above] + 1e-4).all()
    # Colder than frost only where a thermostat that does nothing else is as cold.
    assert (found.room_c >= np.minimum(8.0, rooms_of_frost(task)) - 1e-4).all()
    np.testing.assert_allclose(rooms(task, found.heat_kwh)[:, 0], found.room_c, atol=1e-4)


def rooms_of_frost(task: PlanningProblem) -> np.ndarray:
    """As `rooms_held`, by the balance's slope instead of bisection: rooms rise by a fixed part of each kWh."""
    heats = np.array(task.least_kwh)
    for k in range(len(task)):
        cold = rooms(task, heats[: k + 1])[k, 0]
        heats[k] += 1.0
        slope = rooms(task, heats[: k + 1])[k, 0] - cold
        heats[k] = min(30.0, heats[k] - 1.0 + max(0.0, task.frost_c - cold) / slope)
    return rooms(task, heats)[:, 0]


@settings(max_examples=25, deadline=None)
@given(per_kwh=prices, lowest_c=limits_c, dearer=st.floats(0.05, 5.0), step=st.integers(0, STEPS - 1))
def test_no_more_heat_is_bought_in_an_hour_that_gets_dearer(
    per_kwh: np.ndarray, lowest_c: np.ndarray, dearer: float, step: int
) -> None:
    costs = Costs(per_kwh=per_kwh, surplus_per_kwh=0.0, comfort_per_kwh=15.0)
    task = problem(lowest_c, np.full(STEPS, -4.0), costs)
    raised = per_kwh.copy()
    raised[step] += dearer
    before, after = solve(task), solve(replace(task, costs=replace(costs, per_kwh=raised)))
    assert after.heat_kwh[step] <= before.heat_kwh[step] + 1e-5


def day(*, per_kwh: np.ndarray | None = None, steps_an_hour: int = 1, **costs: float) -> PlanningProblem:
    """A day from midnight at -4 C, open from 06 on."""
    count = 24 * steps_an_hour
    outdoor_c = np.full(count, -4.0)
    surroundings = operation(outdoor_c, steps_an_hour=steps_an_hour)
    lowest_c = np.where(surroundings.is_open, 20.0, 15.0)
    each = np.ones(count) if per_kwh is None else np.repeat(per_kwh, steps_an_hour)
    task = problem(lowest_c, outdoor_c, Costs(per_kwh=each, **costs))
    return replace(task, operation=surroundings, step_h=1 / steps_an_hour)


def test_quarters_and_hours_agree() -> None:
    hourly, quarterly = solve(day()), solve(day(steps_an_hour=4))
    assert quarterly.heat_kwh.sum() == pytest.approx(hourly.heat_kwh.sum(), rel=0.02)
    assert quarterly.objective == pytest.approx(hourly.objective, rel=0.02)
    ends = quarterly.room_c[3::4]
    assert np.abs(ends - hourly.room_c).max() < 1.0


def test_quarters_start_heating_later_than_whole_hours_can() -> None:
    hourly, quarterly = solve(day()), solve(day(steps_an_hour=4))
    first = [np.flatnonzero(found.heat_kwh > 1.0)[0] * step_h for found, step_h in ((hourly, 1.0), (quarterly, 0.25))]
    assert first[1] >= first[0]


def test_the_same_problem_gives_the_same_plan() -> None:
    one, other = solve(day()), solve(day())
    np.testing.assert_array_equal(one.heat_kwh, other.heat_kwh)
    assert one.binding == other.binding


def test_heat_moves_to_cheap_hours_before_the_opening() -> None:
    per_kwh = np.ones(24)
    per_kwh[1] = 0.2
    flat, cheap = solve(day(surplus_per_kwh=0.0)), solve(day(per_kwh=per_kwh, surplus_per_kwh=0.0))
    assert cheap.heat_kwh[1] > flat.heat_kwh[1] + 10.0
    assert per_kwh @ cheap.heat_kwh < per_kwh @ flat.heat_kwh


def test_a_peak_that_is_paid_already_is_used() -> None:
    free, paid = (solve(day(peak_per_kw=10.0, peak_free_kw=kw)) for kw in (0.0, 25.0))
    assert free.heat_kwh.max() < 22.0
    assert paid.heat_kwh.max() == pytest.approx(25.0, abs=1e-5)


def test_a_warm_return_spreads_heat() -> None:
    free, paid = (solve(day(boost_per_kwh=price, boost_from_share=0.6)) for price in (0.0, 1.0))
    assert free.heat_kwh.max() == pytest.approx(30.0, abs=1e-5)
    assert np.maximum(0.0, paid.heat_kwh - 18.0).sum() < np.maximum(0.0, free.heat_kwh - 18.0).sum()
    assert Binding.RETURN_TEMPERATURE in paid.binding


def test_every_binding_constraint_is_named() -> None:
    found = solve(day())
    assert Binding.PLANT in found.binding[:6]
    assert Binding.COMFORT in found.binding[6:]
    assert solve(day(peak_per_kw=10.0)).binding.count(Binding.PEAK) > 1
    cold = solve(replace(day(), start=ThermalState(room_c=9.0, mass_c=9.0)))
    assert cold.binding[0] is Binding.SHORTFALL


def test_hot_water_is_left_its_heat() -> None:
    taken = np.zeros(24)
    taken[2:6] = 12.0
    found = solve(replace(day(), hot_water_kwh=taken))
    assert (found.heat_kwh + taken <= 30.0 + 1e-6).all()
    assert found.heat_kwh[:2].sum() > solve(day()).heat_kwh[:2].sum()


def test_zones_share_plant_and_peak() -> None:
    one, plant = day(), Plant(largest_kwh=30.0)
    alone, (first, second) = solve(one), solve_zones([one, one], plant)
    together = first.heat_kwh + second.heat_kwh
    assert together.max() <= 30.0 + 1e-6
    assert together[:6].sum() > 1.5 * alone.heat_kwh[:6].sum()
    unlimited = solve_zones([one, one])
    np.testing.assert_allclose(unlimited[0].heat_kwh + unlimited[1].heat_kwh, 2 * alone.heat_kwh, atol=1e-4)


def test_a_plant_that_cannot_run_low_runs_at_its_least_or_not_at_all_and_not_for_an_hour_alone() -> None:
    task = replace(day(), operation=replace(day().operation, is_ventilated=np.zeros(24, dtype=bool)))
    found = solve(task, Plant(least_share=0.4, shortest_run=3))
    runs = found.heat_kwh > 1e-6
    assert (found.heat_kwh[runs] >= 12.0 - 1e-5).all()
    changes = np.flatnonzero(np.diff(np.concatenate([[0], runs.astype(int), [0]])))
    assert all(end - begin >= 3 for begin, end in list(pairwise(changes))[::2] if end < 24)
    assert found.objective >= solve(task).objective - 1e-6


def test_a_plant_that_cannot_run_low_where_it_must_is_taken_to_modulate() -> None:
    """Ventilation's intake must be heated with less than the plant's least: no integers fit, and there is a plan."""
    found = solve(day(), Plant(least_share=0.9))
    assert (found.heat_kwh >= day().least_kwh - 1e-6).all()
