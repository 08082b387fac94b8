"""A building's heat from how far its plant lifts the air: the second half of how a building answers a set-point.

    heat of a quarter-hour = lift of each room while fans run, lift of all while they rest
                             + intake * max(0, SUPPLY_C - outdoors), with fans
                             + side * max(0, SIDE_C - outdoors), with fans and without + base

Two rooms stand for all: their mean and the coldest one, near the facade, where most of the heat goes. Side rooms
(corridors, plant rooms) are kept at about SIDE_C whatever the set-point is. Non-negative least squares on hours; the
lifts come from runs of a day, as a plan's do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast.thermal.model import SUPPLY_C
from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS, QuarterHours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.thermal.response_fit import FittedResponse, RoomHistory

    Array: TypeAlias = NDArray[np.float64]

#: Temperature of side rooms that are heated whatever the set-point (C).
SIDE_C = 16.0
#: The mean in the rooms' axis.
MEAN = 0


@dataclass(frozen=True, kw_only=True)
class HeatResponse:
    """kWh in a quarter-hour for each K of the terms above; none is negative."""

    #: By room, shape `(rooms,)`; of the rooms' mean lift.
    lift_on: Array
    lift_off: float
    intake: float
    side_on: float
    side_off: float
    base: float

    def heat_kwh(self, lift_k: Array, around: QuarterHours) -> Array:
        """Heat of each quarter-hour in kWh, shape `(steps, ...)`; `lift_k` is `(steps, ..., rooms)`."""
        later = (..., *(None,) * (lift_k.ndim - 2))
        fans = around.is_ventilated
        fixed = np.where(fans, self.side_on, self.side_off) * np.maximum(0.0, SIDE_C - around.outdoor_c)
        fixed = fixed + np.where(fans, self.intake, 0.0) * np.maximum(0.0, SUPPLY_C - around.outdoor_c) + self.base
        lifted = np.where(fans[later], lift_k @ self.lift_on, self.lift_off * lift_k.mean(axis=-1))
        return np.asarray(lifted + fixed[later])


def fit_heat(fitted: FittedResponse, history: RoomHistory, heat_kwh: Array) -> HeatResponse:
    """Identify the heat behind the lifts of `fitted` from hourly readings, NaN where nothing was read."""
    from scipy.optimize import nnls

    begin, (days, _, rooms) = int(history.days[0]), fitted.lift_k.shape
    terms = _terms(fitted.lift_k.reshape(-1, rooms), history.around.window(begin, DAY_Q * days))
    design = terms.reshape(-1, QUARTERS, terms.shape[1]).sum(axis=1)
    read = heat_kwh[begin // QUARTERS : begin // QUARTERS + len(design)]
    known = np.isfinite(read)
    scale = np.maximum(design.max(axis=0), 1e-9)
    weights = nnls(design[known] / scale, read[known])[0] / scale
    lift_on, (lift_off, intake, side_on, side_off, base) = weights[:rooms], weights[rooms:].tolist()
    return HeatResponse(
        lift_on=lift_on,
        # Heating with fans at rest was hardly ever seen: it is taken to cost no less than with fans.
        lift_off=max(float(lift_on.sum()), lift_off),
        intake=intake,
        side_on=side_on,
        side_off=side_off,
        base=base,
    )


def _terms(lift_k: Array, around: QuarterHours) -> Array:
    """The terms above, in the order of `HeatResponse`'s fields; shape `(steps, terms)`."""
    fans = around.is_ventilated
    intake_k, side_k = (np.maximum(0.0, limit - around.outdoor_c) for limit in (SUPPLY_C, SIDE_C))
    terms = (~fans * lift_k.mean(axis=1), fans * intake_k, fans * side_k, ~fans * side_k, np.ones(len(lift_k)))
    return np.column_stack([fans[:, None] * lift_k, *terms])
