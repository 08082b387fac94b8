"""The linear programme: the cheapest heat that keeps the rooms as warm as they must be.

Variables of each step (an hour or a quarter of one) and zone: room and mass temperature, heat, and how far the room
falls short of its lowest temperature. Falling short is allowed at a price far above heat's, so there is a solution from
any start, a building at 12 C included; it is used only when full heat does not suffice.

Hard are the plant's limits, frost protection and the highest temperature. They contradict nothing: a thermostat at the
frost limit is a solution of every problem, and where even it leaves the limits (a cold start, a hot one, sun), its own
trajectory is the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.errors import NoPlanError
from samdrift_energy_forecast.planning.binding import Binding
from samdrift_energy_forecast.planning.costs import SHORTFALL_PRICE, STEEPNESS_PRICE, Costs
from samdrift_energy_forecast.planning.linear_programme import LinearProgramme, Solution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.heating_plant import HeatingPlant
    from samdrift_energy_forecast.planning.linear_programme import Block
    from samdrift_energy_forecast.surroundings.operation import Operation
    from samdrift_energy_forecast.thermal.model import ThermalModel, ThermalState

    Array: TypeAlias = NDArray[np.float64]

#: A multiplier or a shortfall under this is rounding (temperatures in C, multipliers in the unit of the costs).
TOLERANCE = 1e-6
#: Rooms are not planned colder than this, whoever is there: pipes (C).
FROST_C = 8.0
#: Rooms are not heated beyond this (C): the Danish Working Environment Authority's limit for ordinary work.
HIGHEST_C = 25.0
#: Faster rises than this are no limit (K an hour).
ANY_RISE_K = 20.0
#: What rounding may add to the limits that are hard (K).
ROUNDING_K = 1e-6


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What limits the heat of all zones together. The defaults limit nothing."""

    #: Largest heat of all zones in an hour (kWh).
    largest_kwh: float | None = None
    #: Heat that runs at all runs at this share of the largest or more: a boiler or heat pump that cannot modulate down.
    least_share: float = 0.0
    #: Once on, heat stays on for this many steps.
    shortest_run: int = 1

    @property
    def switches(self) -> bool:
        """Whether the plant's being on or off matters, which needs integers."""
        return self.least_share > 0


def plant_of(described: HeatingPlant) -> Plant:
    """The limits of a described plant; its largest heat is the thermal model's."""
    return Plant(least_share=described.least_load_share, shortest_run=described.shortest_run_h)


@dataclass(frozen=True, kw_only=True)
class PlanningProblem:
    """One zone over the steps of `operation`; all series have its length `n`. A building is one zone or several."""

    model: ThermalModel
    start: ThermalState
    operation: Operation
    #: Lowest room temperature of each step in C, shape `(n,)`.
    lowest_c: Array
    #: Fastest rise of the room in each step in K an hour, shape `(n,)`: faster is not believed.
    fastest_rise_k: Array
    #: State at the end under the fixed setback plan: heat less than this at the end must be paid later.
    reference_end: ThermalState
    #: None: heat alone counts.
    costs: Costs | None = None
    #: Length of a step in h: rows of `operation` are hours or quarters of one.
    step_h: float = 1.0
    #: Rooms are not heated beyond this (C).
    highest_c: float = HIGHEST_C
    #: Rooms are not planned colder than this (C).
    frost_c: float = FROST_C
    #: Heat of domestic hot water and its legionella runs in each step (kWh): untouched, and not there for rooms.
    hot_water_kwh: Array | None = None

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.operation)

    @property
    def prices(self) -> Costs:
        """Its costs, or those of heat alone."""
        return self.costs or Costs.of_heat_alone(len(self))

    @property
    def least_kwh(self) -> Array:
        """Heat that no set-point changes, of each step."""
        return self.model.unavoidable_kwh(self.operation) * self.step_h

    @property
    def largest_kwh(self) -> Array:
        """The most that the plant has for the rooms in each step."""
        whole = np.full(len(self), self.model.largest_heat_kwh * self.step_h)
        taken = 0.0 if self.hot_water_kwh is None else self.hot_water_kwh
        return np.maximum(self.least_kwh, whole - taken)


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """The solution of one zone; all series have shape `(n,)`."""

    heat_kwh: Array
    room_c: Array
    mass_c: Array
    #: K below the lowest temperature, 0 where it is kept.
    shortfall_k: Array
    #: What a degree less in this step would save, in the unit of the costs: above 0 where the limit decides.
    comfort_price_per_k: Array
    #: The constraint that decides each step; None where none does.
    binding: tuple[Binding | None, ...]
    #: The objective of all zones in the unit of the costs: heat, shortfall, steepness, peak and boost at their prices,
    #: less what heat left in the building is worth.
    objective: float


def solve(problem: PlanningProblem, plant: Plant | None = None) -> Trajectory:
    """Solve with HiGHS. Raises NoPlanError if that fails, which no input is known to cause."""
    return solve_zones([problem], plant)[0]


def solve_zones(zones: Sequence[PlanningProblem], plant: Plant | None = None) -> tuple[Trajectory, ...]:
    """Solve several zones behind one plant and one meter: they share its largest heat, its peak and its return.

    Prices are the first zone's. A plant that must run at some share or for some time makes it a mixed-integer
    programme; where that has no solution the plant is taken to modulate freely.
    """
    shared = plant or Plant()
    if not shared.switches:
        return _solved(zones, shared, on=None)
    try:
        on = _switching(zones, shared)
    except NoPlanError:  # hard limits leave no room for the least share: rather a plan that the plant smooths
        on = None
    return _solved(zones, shared, on)


@dataclass(frozen=True, kw_only=True)
class _Zone:
    """A zone's columns, one a step, and the rows whose multipliers are asked for."""

    problem: PlanningProblem
    room: Block
    mass: Block
    heat: Block
    shortfall: Block
    kept: Block
    rises: Block


@dataclass(frozen=True, kw_only=True)
class _Building:
    """All zones, and the rows of what they share; without rows where nothing is shared."""

    zones: tuple[_Zone, ...]
    below_peak: Block
    below_boost: Block


def _solved(zones: Sequence[PlanningProblem], plant: Plant, on: NDArray[np.bool_] | None) -> tuple[Trajectory, ...]:
    programme = LinearProgramme()
    building = _written(programme, zones, plant)
    if on is not None:
        _run_when(programme, building, plant, on)
    solution = programme.solve()
    return tuple(_trajectory(zone, building, solution) for zone in building.zones)


def _switching(zones: Sequence[PlanningProblem], plant: Plant) -> NDArray[np.bool_]:
    """When the plant runs, shape `(n,)`."""
    programme = LinearProgramme()
    building = _written(programme, zones, plant)
    n = len(zones[0])
    on = programme.columns(n, upper=1.0, integer=True)
    least, most = _running_range(zones, plant)
    above, below = programme.rows(n, lower=0.0), programme.rows(n, upper=0.0)
    for rows, kwh in ((above, least), (below, most)):
        programme.enter(rows, on, -kwh)
        for zone in building.zones:
            programme.enter(rows, zone.heat)
    for later in range(1, plant.shortest_run):  # on[k] - on[k-1] <= on[k+later]
        rows = programme.rows(n - later, upper=0.0)
        programme.enter(rows, on[: n - later])
        programme.enter(rows[1:], on[: n - later - 1], -1.0)
        programme.enter(rows, on[later:], -1.0)
    return programme.solve().values[on] > 0.5


def _running_range(zones: Sequence[PlanningProblem], plant: Plant) -> tuple[Array, Array]:
    """Least and largest heat of all zones in each step in kWh when the plant runs."""
    most = np.sum([zone.largest_kwh for zone in zones], axis=0)
    if plant.largest_kwh is not None:
        most = np.minimum(most, plant.largest_kwh * zones[0].step_h)
    return plant.least_share * most, most


def _run_when(programme: LinearProgramme, building: _Building, plant: Plant, on: NDArray[np.bool_]) -> None:
    """Fix when the plant runs, so that multipliers mean something."""
    least, most = _running_range([zone.problem for zone in building.zones], plant)
    rows = programme.rows(len(on), lower=np.where(on, least, 0.0), upper=np.where(on, most, 0.0))
    for zone in building.zones:
        programme.enter(rows, zone.heat)


def _written(programme: LinearProgramme, zones: Sequence[PlanningProblem], plant: Plant) -> _Building:
    prices = zones[0].prices
    written = tuple(_write_zone(programme, zone, prices) for zone in zones)
    if plant.largest_kwh is not None:
        least = np.sum([zone.least_kwh for zone in zones], axis=0)
        _bound_sum(programme, written, np.maximum(least, plant.largest_kwh * zones[0].step_h))
    return _Building(
        zones=written,
        below_peak=_write_peak(programme, written, prices),
        below_boost=_write_boost(programme, written, prices, plant),
    )


def _write_zone(programme: LinearProgramme, problem: PlanningProblem, prices: Costs) -> _Zone:
    n, full = len(problem), problem.model.largest_heat_kwh * prices.comfort_per_kwh
    lower, upper = _hard_limits(problem)
    room = programme.columns(n, lower=lower, upper=upper)
    mass = programme.columns(n, lower=-np.inf)
    heat = programme.columns(n, cost=prices.per_kwh, lower=problem.least_kwh, upper=problem.largest_kwh)
    shortfall = programme.columns(n, cost=SHORTFALL_PRICE * full * problem.step_h)
    kept = programme.rows(n, lower=problem.lowest_c)
    programme.enter(kept, room)
    programme.enter(kept, shortfall)
    _write_balance(programme, problem, room, mass, heat)
    _write_end(programme, problem, prices, int(room[-1]), int(mass[-1]))
    rises = _write_rises(programme, problem, room, STEEPNESS_PRICE * full)
    return _Zone(problem=problem, room=room, mass=mass, heat=heat, shortfall=shortfall, kept=kept, rises=rises)


def _write_balance(programme: LinearProgramme, problem: PlanningProblem, room: Block, mass: Block, heat: Block) -> None:
    """The balance of `thermal` for steps of any length: what is given off in a step is its length times what in 1 h."""
    model, step_h, start = problem.model, problem.step_h, problem.start
    stored, coupling = model.capacity_kwh_per_k, step_h * model.mass_kw_per_k
    given_off = step_h * model.fixed_kwh(problem.operation)
    given_off[0] -= stored * start.room_c
    rows = programme.rows(len(problem), lower=given_off, upper=given_off)
    programme.enter(rows, heat)
    programme.enter(rows, room, -(stored + coupling + step_h * model.room_kw_per_k(problem.operation)))
    programme.enter(rows, mass, coupling)
    programme.enter(rows[1:], room[:-1], stored)
    share = _mass_share(problem)
    before = np.zeros(len(problem))
    before[0] = (1 - share) * start.mass_c
    rows = programme.rows(len(problem), lower=before, upper=before)
    programme.enter(rows, mass)
    programme.enter(rows, room, -share)
    programme.enter(rows[1:], mass[:-1], share - 1)


def _write_end(programme: LinearProgramme, problem: PlanningProblem, prices: Costs, room: int, mass: int) -> None:
    """Heat that the setback plan would leave in the building and this one does not must be paid later."""
    model, end = problem.model, problem.reference_end
    mass_kwh_per_k = model.mass_kw_per_k * model.time_constant_h
    reference = model.capacity_kwh_per_k * end.room_c + mass_kwh_per_k * end.mass_c
    missing = programme.columns(1, cost=prices.reference_per_kwh)
    surplus = programme.columns(1, cost=-prices.surplus_per_kwh)
    row = programme.rows(1, lower=reference, upper=reference)
    columns = np.array([room, mass, missing[0], surplus[0]])
    programme.enter(row, columns, np.array([model.capacity_kwh_per_k, mass_kwh_per_k, 1.0, -1.0]))


def _write_rises(programme: LinearProgramme, problem: PlanningProblem, room: Block, price: float) -> Block:
    """Rooms rise as fast as is believed, or the rest is paid. Rows are -1 where any rise is believed."""
    steps = np.flatnonzero(problem.fastest_rise_k < ANY_RISE_K)
    steepness = programme.columns(len(steps), cost=price)
    most = problem.fastest_rise_k[steps] * problem.step_h
    first = steps == 0
    rows = programme.rows(len(steps), upper=most + first * problem.start.room_c)
    programme.enter(rows, room[steps])
    programme.enter(rows[~first], room[steps[~first] - 1], -1.0)
    programme.enter(rows, steepness, -1.0)
    placed = np.full(len(problem), -1)
    placed[steps] = rows
    return placed


def _write_peak(programme: LinearProgramme, zones: Sequence[_Zone], prices: Costs) -> Block:
    if prices.peak_per_kw <= 0:
        return np.empty(0, dtype=np.int64)
    peak = programme.columns(1, cost=prices.peak_per_kw, lower=prices.peak_free_kw)
    rows = _bound_sum(programme, zones, np.zeros(len(zones[0].problem)))
    programme.enter(rows, peak[0], -zones[0].problem.step_h)
    return rows


def _write_boost(programme: LinearProgramme, zones: Sequence[_Zone], prices: Costs, plant: Plant) -> Block:
    if prices.boost_per_kwh <= 0:
        return np.empty(0, dtype=np.int64)
    _, most = _running_range([zone.problem for zone in zones], plant)
    boost = programme.columns(len(most), cost=prices.boost_per_kwh)
    rows = _bound_sum(programme, zones, prices.boost_from_share * most)
    programme.enter(rows, boost, -1.0)
    return rows


def _bound_sum(programme: LinearProgramme, zones: Sequence[_Zone], most: Array) -> Block:
    """Rows in which the heat of all zones is at most `most`."""
    rows = programme.rows(len(most), upper=most)
    for zone in zones:
        programme.enter(rows, zone.heat)
    return rows


def _mass_share(problem: PlanningProblem) -> float:
    """Share of the way to the room temperature that the mass goes in a step."""
    return float(1 - np.exp(-problem.step_h / problem.model.time_constant_h))


def _hard_limits(problem: PlanningProblem) -> tuple[Array, Array]:
    """Frost limit and highest temperature, or what a thermostat at the frost limit cannot help."""
    held = _held_at(problem, problem.frost_c)
    return np.minimum(problem.frost_c, held) - ROUNDING_K, np.maximum(problem.highest_c, held) + ROUNDING_K


def _held_at(problem: PlanningProblem, celsius: float) -> Array:
    """Room temperature of each step in C behind a thermostat, shape `(n,)`."""
    model, step_h, share = problem.model, problem.step_h, _mass_share(problem)
    # The mass takes its new temperature within the step, as in the balance above.
    coupling = step_h * model.mass_kw_per_k * (1 - share)
    total = (model.capacity_kwh_per_k + coupling + step_h * model.room_kw_per_k(problem.operation)).tolist()
    fixed = (step_h * model.fixed_kwh(problem.operation)).tolist()
    least, most = problem.least_kwh.tolist(), problem.largest_kwh.tolist()
    room, mass = problem.start.room_c, problem.start.mass_c
    held = np.empty(len(problem))
    for k in range(len(problem)):
        gained = model.capacity_kwh_per_k * room + coupling * mass - fixed[k]
        heat = min(max(celsius * total[k] - gained, least[k]), most[k])
        room = (heat + gained) / total[k]
        mass += share * (room - mass)
        held[k] = room
    return held


def _trajectory(zone: _Zone, building: _Building, solution: Solution) -> Trajectory:
    return Trajectory(
        heat_kwh=solution.values[zone.heat],
        room_c=solution.values[zone.room],
        mass_c=solution.values[zone.mass],
        shortfall_k=np.maximum(0.0, solution.values[zone.shortfall]),
        comfort_price_per_k=solution.row_multipliers[zone.kept],
        binding=_bindings(zone, building, solution),
        objective=solution.objective,
    )


def _bindings(zone: _Zone, building: _Building, solution: Solution) -> tuple[Binding | None, ...]:
    """Of each step the first constraint with a multiplier, in the order of `Binding`."""
    of_room, of_heat = solution.column_multipliers[zone.room], solution.column_multipliers[zone.heat]
    none = np.zeros(len(of_room), dtype=np.bool_)
    decides = {
        Binding.SHORTFALL: solution.values[zone.shortfall] > TOLERANCE,
        Binding.COMFORT: solution.row_multipliers[zone.kept] > TOLERANCE,
        Binding.FROST: of_room > TOLERANCE,
        Binding.HIGHEST: of_room < -TOLERANCE,
        Binding.PLANT: of_heat < -TOLERANCE,
        Binding.PEAK: _pays(building.below_peak, solution, none),
        Binding.RETURN_TEMPERATURE: _pays(building.below_boost, solution, none),
        Binding.RISE: (zone.rises >= 0) & (solution.row_multipliers[zone.rises] < -TOLERANCE),
        Binding.UNAVOIDABLE: of_heat > TOLERANCE,
    }
    order = list(decides)
    first = np.argmax(np.vstack([*decides.values(), ~none]), axis=0)
    return tuple(order[place] if place < len(order) else None for place in first.tolist())


def _pays(rows: Block, solution: Solution, none: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where one of the shared rows has a multiplier; nowhere if there are none."""
    return solution.row_multipliers[rows] < -TOLERANCE if len(rows) else none
