"""What a building used, and what its plans saved: measured, with interval, or not at all.

IPMVP option C (the whole building's meter) with a change-point model of days as in ASHRAE Guideline 14, and intervals
from the model's errors on stretches that it was not fitted on. Planned savings are kept apart: see `plans.document`.
"""
