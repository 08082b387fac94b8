"""Day-by-day forecasts of many buildings at once: ridges that forget, boosting over all of them, and their mixture."""
