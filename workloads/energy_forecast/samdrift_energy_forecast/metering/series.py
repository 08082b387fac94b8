"""The series that are read at a building, and their units."""

from __future__ import annotations

from enum import StrEnum


class Series(StrEnum):
    """What a stored reading is a reading of."""

    #: The heat meter, in the unit and the quantity that the building's `meter` names.
    HEAT = "heat"
    #: Mean temperature of the rooms in C, mean of the interval.
    INDOOR = "indoor"
    #: The coldest room's temperature in C, mean of the interval.
    COLDEST_ROOM = "coldest_room"
    #: Water through the heat meter in m3, interval or counter as the heat is: with the heat it gives the cooling.
    VOLUME = "volume"
    #: Temperature of the water that goes back to the network in C, mean of the interval.
    RETURN = "return"
    #: People in the building, mean count of the interval.
    OCCUPANCY = "occupancy"


#: Series that are temperatures in C.
TEMPERATURES = frozenset({Series.INDOOR, Series.COLDEST_ROOM, Series.RETURN})
