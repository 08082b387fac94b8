"""A simulated building, driven with heating set-points by the hour or quarter-hour.

The engine is EnergyPlus version 25.2 from the package `pyenergyplus-lbnl`, which also brings the buildings (U.S. DOE
commercial reference buildings) and the weather files (TMY3). The buildings are American and heat air with gas;
their metered heat stands for district heat here. `simulate` runs each experiment in a process of its own.
"""

from samdrift_energy_forecast.emulator.controller import Controller
from samdrift_energy_forecast.emulator.experiment import Experiment, Simulated
from samdrift_energy_forecast.emulator.process import simulate, simulate_controlled, simulate_side_by_side

__all__ = ["Controller", "Experiment", "Simulated", "simulate", "simulate_controlled", "simulate_side_by_side"]
