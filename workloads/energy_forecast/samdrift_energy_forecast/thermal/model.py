"""A grey-box model of a building: one room temperature, and behind it a heavy mass that follows slowly.

Heat balance of an hour k, all terms in kWh:

    heat = capacity (T[k] - T[k-1]) + loss (T[k] - outdoor) + mass (T[k] - M[k])
           + fans on: intake max(0, SUPPLY_C - outdoor) + supply (T[k] - SUPPLY_C)
           - base gain - people's gain when open - solar gain
    M[k] = M[k-1] + (1 - exp(-1 / time_constant)) (T[k] - M[k-1])

The balance is linear in its parameters once the time constant is chosen, so they come from non-negative least squares
and the time constant from a grid: no start values, the same answer every time. One mean temperature stands for all
rooms; that and constant gains are what the model leaves out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.surroundings.operation import Operation

#: Temperature to which ventilation heats its intake whatever the rooms ask for (C).
SUPPLY_C = 13.0
#: Candidates for the mass's time constant (h).
TIME_CONSTANTS_H = (4.0, 8.0, 12.0, 18.0, 24.0, 36.0, 48.0, 72.0, 120.0)
#: The fastest rise is this quantile of all hours' rises: the very fastest may be a reading's error.
RISE_QUANTILE = 0.99
#: Length of the runs by which a time constant is judged: as long as a plan.
JUDGED_RUN_H = 48


@dataclass(frozen=True, kw_only=True)
class ThermalModel:
    """Parameters of the balance above; none is negative."""

    capacity_kwh_per_k: float
    loss_kw_per_k: float
    mass_kw_per_k: float
    intake_kw_per_k: float
    supply_kw_per_k: float
    base_gain_kw: float
    people_gain_kw: float
    solar_gain_kw_per_w_m2: float
    time_constant_h: float
    #: Highest heat of an hour in the readings (kWh): what the plant is known to deliver.
    largest_heat_kwh: float
    #: Fastest rise of the room temperature seen (K an hour): rooms warm more slowly than one temperature suggests.
    largest_rise_k: float
    #: Root mean square error of the room temperature in 48-h runs with the heat given (K).
    simulation_rmse_k: float = 0.0

    @property
    def mass_share(self) -> float:
        """Share of the way to the room temperature that the mass goes in an hour."""
        return float(1 - np.exp(-1 / self.time_constant_h))

    def fixed_kwh(self, operation: Operation) -> NDArray[np.float64]:
        """The part of each hour's balance that no set-point changes, shape `(n,)`: intake and outdoors less gains."""
        ventilated = operation.is_ventilated.astype(np.float64)
        return (
            self.unavoidable_kwh(operation)
            - ventilated * self.supply_kw_per_k * SUPPLY_C
            - self.loss_kw_per_k * operation.temperature_c
            - self.base_gain_kw
            - self.people_gain_kw * operation.is_open
            - self.solar_gain_kw_per_w_m2 * operation.global_radiation_w_m2
        )

    def unavoidable_kwh(self, operation: Operation) -> NDArray[np.float64]:
        """Heat of the ventilation's intake, shape `(n,)`: used whatever the set-point, while fans run."""
        cold = np.maximum(0.0, SUPPLY_C - operation.temperature_c)
        return np.minimum(self.largest_heat_kwh, self.intake_kw_per_k * cold * operation.is_ventilated)

    def room_kw_per_k(self, operation: Operation) -> NDArray[np.float64]:
        """What the room loses for each degree it is warm, without its mass, shape `(n,)`."""
        return self.loss_kw_per_k + self.supply_kw_per_k * operation.is_ventilated.astype(np.float64)

    def temperatures(
        self, heat_kwh: NDArray[np.float64], operation: Operation, start: ThermalState
    ) -> NDArray[np.float64]:
        """Room and mass temperature (C) of each hour when `heat_kwh` is given; shape `(n, 2)`."""
        fixed, loss = self.fixed_kwh(operation), self.room_kw_per_k(operation)
        keeps = self.mass_kw_per_k * (1 - self.mass_share)
        room, mass = start.room_c, start.mass_c
        result = np.empty((len(operation), 2))
        for k in range(len(operation)):
            gained = heat_kwh[k] - fixed[k] + self.capacity_kwh_per_k * room + keeps * mass
            room = gained / (self.capacity_kwh_per_k + loss[k] + keeps)
            mass += self.mass_share * (room - mass)
            result[k] = room, mass
        return result

    def to_document(self) -> dict[str, float]:
        """As it is stored with a plan."""
        return {name: round(float(value), 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class ThermalState:
    """Temperatures at the beginning of an hour, in C."""

    room_c: float
    mass_c: float


def mass_temperatures(room_c: NDArray[np.float64], time_constant_h: float) -> NDArray[np.float64]:
    """The mass's temperature behind a measured room temperature, both in C and of shape `(n,)`."""
    from scipy.signal import lfilter

    share = 1 - np.exp(-1 / time_constant_h)
    mass, _ = lfilter([share], [1.0, share - 1.0], room_c, zi=[(1 - share) * room_c[: hours.DAY].mean()])
    return np.asarray(mass, dtype=np.float64)


def present_state(model: ThermalModel, readings: Readings) -> ThermalState:
    """The building's state after its last reading."""
    room_c = _bridged(readings.indoor_c)
    return ThermalState(room_c=float(room_c[-1]), mass_c=float(mass_temperatures(room_c, model.time_constant_h)[-1]))


def identify(readings: Readings, operation: Operation) -> ThermalModel:
    """Identify a building from readings with room temperature; `operation` covers the same hours.

    Of the time constants the one wins whose 48-h runs, heat given, stay closest to the measured temperature.
    """
    room_c = _bridged(readings.indoor_c)
    candidates = (_fit(readings.heat_kwh, room_c, operation, constant) for constant in TIME_CONSTANTS_H)
    judged = [_judged(model, readings.heat_kwh, room_c, operation) for model in candidates]
    return min(judged, key=lambda model: model.simulation_rmse_k)


def _fit(
    heat_kwh: NDArray[np.float64], room_c: NDArray[np.float64], operation: Operation, time_constant_h: float
) -> ThermalModel:
    from scipy.optimize import nnls

    terms = _terms(room_c, operation, time_constant_h)
    known = np.isfinite(heat_kwh)
    known[: 2 * hours.DAY] = False  # the mass's temperature is a guess at first
    # A column that is always zero (no sun, no fans) keeps the scale 1 and gets the parameter 0.
    scale = np.maximum(np.abs(terms).max(axis=0), 1e-9)
    parameters, _ = nnls(terms[known] / scale, heat_kwh[known])
    capacity, loss, mass, intake, supply, base, people, solar = (parameters / scale).tolist()
    return ThermalModel(
        capacity_kwh_per_k=max(capacity, 1e-6),
        loss_kw_per_k=max(loss, 1e-6),
        mass_kw_per_k=mass,
        intake_kw_per_k=intake,
        supply_kw_per_k=supply,
        base_gain_kw=base,
        people_gain_kw=people,
        solar_gain_kw_per_w_m2=solar,
        time_constant_h=time_constant_h,
        largest_heat_kwh=float(np.nanmax(heat_kwh)),
        largest_rise_k=float(np.quantile(np.diff(room_c), RISE_QUANTILE)),
    )


def _terms(room_c: NDArray[np.float64], operation: Operation, time_constant_h: float) -> NDArray[np.float64]:
    """The balance's terms for parameters of 1, in the order in which `_fit` names them; shape `(n, 8)`."""
    cold = np.maximum(0.0, SUPPLY_C - operation.temperature_c)
    return np.column_stack(
        [
            np.diff(room_c, prepend=room_c[0]),
            room_c - operation.temperature_c,
            room_c - mass_temperatures(room_c, time_constant_h),
            operation.is_ventilated * cold,
            operation.is_ventilated * (room_c - SUPPLY_C),
            -np.ones(len(room_c)),
            -operation.is_open.astype(np.float64),
            -operation.global_radiation_w_m2,
        ]
    )


def _judged(
    model: ThermalModel, heat_kwh: NDArray[np.float64], room_c: NDArray[np.float64], operation: Operation
) -> ThermalModel:
    """`model` with the error of its runs, all made side by side with the equations of `temperatures`."""
    begins = np.arange(2 * hours.DAY, len(room_c) - JUDGED_RUN_H + 1, JUDGED_RUN_H)
    runs = np.add.outer(np.arange(JUDGED_RUN_H), begins)
    heat = np.where(np.isfinite(heat_kwh), heat_kwh, np.nanmean(heat_kwh))
    share = model.mass_share
    keeps = model.mass_kw_per_k * (1 - share)
    given = (heat - model.fixed_kwh(operation))[runs]
    holds = (model.capacity_kwh_per_k + keeps + model.room_kw_per_k(operation))[runs]
    room, mass = room_c[begins - 1], mass_temperatures(room_c, model.time_constant_h)[begins - 1]
    errors = np.empty(runs.shape)
    for k in range(JUDGED_RUN_H):
        room = (given[k] + model.capacity_kwh_per_k * room + keeps * mass) / holds[k]
        mass = mass + share * (room - mass)
        errors[k] = room - room_c[runs[k]]
    return replace(model, simulation_rmse_k=float(np.sqrt(np.mean(np.square(errors)))))


def _bridged(room_c: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(room_c))
    return np.interp(np.arange(len(room_c)), known, room_c[known])
