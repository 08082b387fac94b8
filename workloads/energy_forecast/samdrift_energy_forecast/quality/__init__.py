"""Quality control of meter readings: what is wrong with a series, hour by hour, and what a person can do about it.

Nothing is repaired. A value that cannot be believed becomes NaN, and a verdict names the hour, the raw value and why.
"""
