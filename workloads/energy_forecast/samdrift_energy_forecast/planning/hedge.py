"""What a plan keeps in reserve because tomorrow's weather and the building are not known exactly: a margin in K.

A set-back building that is heated up for its opening depends on the hours just before: if it gets colder outdoors than
forecast, or the thermal model is too hopeful, the rooms are not warm in time. The margin is the quantile of both errors
together over these hours. It is a reserve of room temperature, not of heat: thermostats see to the rest.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.surroundings.operation import Operation
    from samdrift_energy_forecast.thermal.model import ThermalModel

#: Of mornings, this share shall be warm in time in spite of both errors.
LEVEL = 0.8
#: So many hours before it decide how warm a room is: later a thermostat holds it, and the next plan knows more.
WINDOW_H = 6
#: Standard deviation of the mean outdoor temperature of 6 h in DMI's forecasts, in K, and its growth for each hour of
#: lead time: 0.99, 1.05, 1.17 and 1.23 K at 6, 12, 24 and 36 h (Dbuilding, 1,824 h, winter 2010-11).
OUTDOOR_ERROR_K, OUTDOOR_ERROR_K_PER_H = 0.95, 0.008
#: A larger reserve than this would be a plan of its own.
LARGEST_K = 1.0


def outdoor_error_k(count: int, forecast_age_h: float = 0.0) -> NDArray[np.float64]:
    """Standard deviation of the outdoor forecast's error of each hour of the plan in K, shape `(count,)`."""
    return OUTDOOR_ERROR_K + OUTDOOR_ERROR_K_PER_H * (np.arange(1, count + 1, dtype=np.float64) + forecast_age_h)


def margin_k(
    model: ThermalModel, count: int, *, forecast_age_h: float = 0.0, level: float = LEVEL
) -> NDArray[np.float64]:
    """The reserve of each hour in K, shape `(count,)`; it grows with the lead time. 0 at the level 0.5."""
    outdoor = _sensitivity(model) * outdoor_error_k(count, forecast_age_h)
    indoor = _model_error_k(model)
    spread = np.sqrt(outdoor**2 + indoor**2)
    return np.clip(NormalDist().inv_cdf(level) * spread, 0.0, LARGEST_K)


def with_reserve(
    lowest_c: NDArray[np.float64],
    margin: NDArray[np.float64],
    setback_room_c: NDArray[np.float64],
    operation: Operation,
) -> NDArray[np.float64]:
    """Lowest temperatures raised by the margin where people are or come next; never above what fixed setback gives."""
    needed = operation.is_open | np.append(operation.is_open[1:], False)
    raised = np.maximum(lowest_c, np.minimum(lowest_c + margin, setback_room_c))
    return np.where(needed, raised, lowest_c)


def _sensitivity(model: ThermalModel) -> float:
    """K that a room is colder after WINDOW_H hours that were 1 K colder outdoors than forecast, heat unchanged."""
    keeps = model.mass_kw_per_k * (1 - model.mass_share)
    loss = model.loss_kw_per_k + model.intake_kw_per_k + model.supply_kw_per_k
    room = mass = 0.0
    for _ in range(WINDOW_H):
        room = (model.capacity_kwh_per_k * room + keeps * mass + loss) / (model.capacity_kwh_per_k + loss + keeps)
        mass += model.mass_share * (room - mass)
    return room


def _model_error_k(model: ThermalModel) -> float:
    """The model's error over WINDOW_H hours, taken to grow as a random walk does to that of its 48-h runs."""
    from samdrift_energy_forecast.thermal.model import JUDGED_RUN_H

    # The mean square over a run that begins without error is that of its middle.
    return model.simulation_rmse_k * float(np.sqrt(WINDOW_H / (JUDGED_RUN_H / 2)))
