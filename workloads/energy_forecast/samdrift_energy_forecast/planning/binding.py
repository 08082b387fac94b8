"""Which constraint of the heating plan's programme decides a step."""

from __future__ import annotations

from enum import StrEnum


class Binding(StrEnum):
    """The constraint that decides a step; of several the one that stands first here."""

    #: Full heat does not reach the lowest temperature.
    SHORTFALL = "shortfall"
    #: The lowest room temperature.
    COMFORT = "comfort"
    #: Frost protection.
    FROST = "frost"
    #: The highest room temperature.
    HIGHEST = "highest"
    #: The largest heat that the plant delivers.
    PLANT = "plant"
    #: The price of the highest hour.
    PEAK = "peak"
    #: The price of a warm return.
    RETURN_TEMPERATURE = "return_temperature"
    #: How fast rooms are believed to warm.
    RISE = "rise"
    #: Heat that no set-point changes: ventilation's intake, hot water.
    UNAVOIDABLE = "unavoidable"
