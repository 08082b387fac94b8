"""Whether a building is ready for heating plans: what is missing or odd in description, calendar and readings."""
