"""Heat forecasts and heating plans for public buildings."""
