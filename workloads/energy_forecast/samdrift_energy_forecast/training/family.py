"""Fits the family model and chooses its pull by leaving one building out at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.forecasting.features import NAMES, features
from samdrift_energy_forecast.forecasting.heat import HORIZON_H, expected_heat
from samdrift_energy_forecast.forecasting.ridge import FamilyModel, heat_scale
from samdrift_energy_forecast.training.trees import grow, lessons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.training.winters import Winter

#: Candidates for the pull towards the family, in hours of readings.
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
#: The family's own ridge penalty in hours: it only keeps unused features at zero.
FAMILY_PENALTY = 1.0
#: Forecasts are judged once four weeks have been seen, which is what the demonstration has.
FIRST_ORIGIN_DAY, DAYS_BETWEEN_ORIGINS = 28, 2


def fit_family(winters: Mapping[Winter, Readings]) -> FamilyModel:
    """Fit on `winters`, each building with the same weight; what serves a new kind of building best is chosen.

    That is the penalty first, and with it the number of trees.
    """
    errors = {penalty: _left_out_error(winters, penalty) for penalty in PENALTIES}
    family = replace(_pooled(winters), penalty=min(errors, key=errors.__getitem__))
    taught = [
        lessons(winter, readings, _without(winters, winter.building, family.penalty), _starts(winter))
        for winter, readings in winters.items()
    ]
    return replace(family, trees=grow(taught))


def _without(winters: Mapping[Winter, Readings], building: str, penalty: float) -> FamilyModel:
    others = {winter: readings for winter, readings in winters.items() if winter.building != building}
    return replace(_pooled(others), penalty=penalty)


def _starts(winter: Winter) -> list[int]:
    return list(origins(len(winter.operation) // hours.DAY))


def origins(days: int) -> Iterator[int]:
    """Hours since the first one at which forecasts are made: midnights, two days apart."""
    last = days * hours.DAY - HORIZON_H
    yield from range(FIRST_ORIGIN_DAY * hours.DAY, last + 1, DAYS_BETWEEN_ORIGINS * hours.DAY)


def _pooled(winters: Mapping[Winter, Readings]) -> FamilyModel:
    designs, heats = zip(*(_normalised(winter, readings) for winter, readings in winters.items()), strict=True)
    design, heat = np.concatenate(designs), np.concatenate(heats)
    scale = _scale(design)
    blank = FamilyModel(weights=np.zeros(len(NAMES)), feature_scale=scale, penalty=FAMILY_PENALTY)
    return replace(blank, weights=blank.adapted(design, heat))


def _scale(design: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of each feature over the hours in which it is at work, so rare phases are pulled as hard."""
    used = np.where(design == 0, np.nan, design) ** 2
    # A feature that is never at work keeps the scale 1 and gets the weight 0.
    used[:, np.isnan(used).all(axis=0)] = 1.0
    scale: NDArray[np.float64] = np.sqrt(np.nanmean(used, axis=0))
    return scale


def _normalised(winter: Winter, readings: Readings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    operation = winter.operation
    heat = readings.heat_kwh / heat_scale(readings.heat_kwh, operation.temperature_c)
    return features(operation, heat), heat


def _left_out_error(winters: Mapping[Winter, Readings], penalty: float) -> float:
    """Mean over buildings of the relative squared error when the building's own kind was not in the family."""
    errors = []
    for building in {winter.building for winter in winters}:
        family = _without(winters, building, penalty)
        own = {winter: readings for winter, readings in winters.items() if winter.building == building}
        errors += [_relative_error(winter, readings, family) for winter, readings in own.items()]
    return float(np.mean(errors))


def _relative_error(winter: Winter, readings: Readings, family: FamilyModel) -> float:
    operation, squares, measured = winter.operation, [], []
    for origin in origins(len(operation) // hours.DAY):
        until = origin + HORIZON_H
        heat_kwh = np.where(np.arange(until) < origin, readings.heat_kwh[:until], np.nan)
        expected = expected_heat(heat_kwh, operation.window(operation.first, until), family, fit_until=origin)
        squares.append((readings.heat_kwh[origin:until] - expected[origin:]) ** 2)
        measured.append(readings.heat_kwh[origin:until])
    return float(np.mean(squares) / np.mean(measured) ** 2)
