"""What an order brings, read: readings, weather with calendar, signals; and what a person should know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.metering.readings import Readings, read_meters
from samdrift_energy_forecast.plans.notice import Notice, told
from samdrift_energy_forecast.surroundings.operation import Operation, operation
from samdrift_energy_forecast.surroundings.signals import Signals, signals_as_known
from samdrift_energy_forecast.surroundings.weather import Weather, weather_as_known

if TYPE_CHECKING:
    from samdrift_energy_forecast.submission import Building
    from samdrift_platform.contract import Store

#: A weather forecast older than this is said to be stale: DMI makes one every three hours.
FRESH_WEATHER_H = 12.0
#: One that reaches less far is said to be short. DMI's runs reach 60 h from their own beginning, so a plan of 72 h
#: always ends behind them: were that told, each building would ask for a person every night.
SHORT_WEATHER_H = 48
#: Day-ahead prices are a day old at most when the next ones come.
FRESH_PRICE_H = 36.0


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """One building's inputs for a plan that begins with hour `issue`."""

    readings: Readings
    #: From the first reading to the plan's end.
    surroundings: Operation
    #: Of the plan's hours.
    signals: Signals
    #: Age of the newest weather forecast in h; none at all counts as old as the plan is long.
    forecast_age_h: float
    attention: tuple[Notice, ...]


def read_inputs(building: Building, issue: int, store: Store) -> Inputs:
    """Read what the order names. Missing prices and stale or missing weather forecasts are told and bridged.

    Raises:
        ReadingsError: readings or observed weather cannot carry a forecast.
    """
    readings = read_meters(store.get(building.readings), issue, building)
    weather, of_weather = _weather(building, readings.first, issue, store)
    signals, of_signals = _signals(building, issue, store)
    return Inputs(
        readings=readings,
        surroundings=operation(weather, BuildingCalendar(building)),
        signals=signals,
        forecast_age_h=weather.forecast_age_h,
        attention=(*readings.notices(issue), *of_weather, *of_signals),
    )


def _weather(building: Building, first: int, issue: int, store: Store) -> tuple[Weather, list[Notice]]:
    """Weather with the newest forecast; the last day goes on where there is none."""
    observed = store.get(building.weather_observed)
    try:
        weather = weather_as_known(
            observed, store.get(building.weather_forecast), first=first, issue=issue, horizon=HORIZON_H
        )
    except ReadingsError:  # of the forecast; the observed weather's own fault is raised again here
        return weather_as_known(observed, None, first=first, issue=issue, horizon=HORIZON_H), [told("weather_missing")]
    notices = []
    if weather.forecast_age_h > FRESH_WEATHER_H:
        notices.append(told("weather_stale", hours=weather.forecast_age_h))
    reaches_h = HORIZON_H - weather.continued_h
    if reaches_h < SHORT_WEATHER_H:
        notices.append(told("weather_short", hours=float(reaches_h)))
    return weather, notices


def _signals(building: Building, issue: int, store: Store) -> tuple[Signals, list[Notice]]:
    """Hourly prices and CO2 where the order has them; the flat figures apply elsewhere."""
    if building.signals is None:
        return Signals.unknown(HORIZON_H), []
    try:
        signals = signals_as_known(store.get(building.signals), issue=issue, count=HORIZON_H)
    except ReadingsError as error:
        return Signals.unknown(HORIZON_H), [told("signals_unusable", why=error.message)]
    age_h = signals.price_per_kwh.age_h
    if age_h is None:
        return signals, [told("price_missing")] if not signals.kg_co2_per_kwh.is_known else []
    return signals, [told("price_stale", hours=age_h)] if age_h > FRESH_PRICE_H else []
