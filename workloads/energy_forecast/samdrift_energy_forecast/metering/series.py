"""The series that are read at a building, and their units."""

from __future__ import annotations

import re
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


#: What the series of one room begins with; the room's name follows.
ROOM_PREFIX = "room:"
_ROOM = re.compile(ROOM_PREFIX + r"[^\W_][\w .+-]{0,39}")


class RoomSeries(str):
    """`room:` and the name of a room that has a sensor of its own: its temperature in C, mean of the interval."""

    __slots__ = ()


#: Series that are temperatures in C, beside those of rooms.
TEMPERATURES = frozenset({Series.INDOOR, Series.COLDEST_ROOM, Series.RETURN})


def is_room(name: str) -> bool:
    """Whether `name` is the series of one room: `room:` and up to 40 letters, digits, spaces and . _ + -."""
    return _ROOM.fullmatch(name) is not None


def named(name: str) -> Series | RoomSeries:
    """The series of that name. Raises ValueError where there is none."""
    return RoomSeries(name) if is_room(name) else Series(name)


def is_temperature(series: Series | RoomSeries) -> bool:
    """Whether it is a temperature in C."""
    return isinstance(series, RoomSeries) or series in TEMPERATURES
