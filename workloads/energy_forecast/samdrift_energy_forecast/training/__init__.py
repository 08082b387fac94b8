"""Trains the family model that `shipped/energy-forecast-ridge` holds: `python -m samdrift_energy_forecast.training`."""
