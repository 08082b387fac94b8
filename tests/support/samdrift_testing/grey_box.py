"""A building as the linear programme knows it: light air, a heavy mass behind it, people and a boiler."""

from __future__ import annotations

from samdrift_energy_forecast.thermal.model import ThermalModel

#: Unheated at 0 C outdoors, its air begins to cool from 20 C by just under half a degree an hour.
HEAVY = ThermalModel(
    capacity_kwh_per_k=20.0,
    loss_kw_per_k=0.5,
    mass_kw_per_k=1.0,
    intake_kw_per_k=0.2,
    supply_kw_per_k=0.1,
    base_gain_kw=1.0,
    people_gain_kw=2.0,
    solar_gain_kw_per_w_m2=0.0,
    time_constant_h=12.0,
    largest_heat_kwh=30.0,
    largest_rise_k=50.0,
)
