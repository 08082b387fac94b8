"""Lowest and highest temperatures by kind of room, each with its source and year; and what to do when they contradict.

The rules behind them: the Danish Working Environment Authority asks for 20-22 C for seated work in general, never below
18 C and not above 25 C, and a change of more than 4 K in a day is felt as discomfort; BR18 par. 385 asks for a
satisfactory thermal climate without unnecessary energy use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The Danish Working Environment Authority: never below it while people work there (C).
LEAST_WORKING_C = 18.0
#: The same: not above it for ordinary work (C).
MOST_WORKING_C = 25.0
#: The same: lower end of what is suitable for seated work (C).
SEATED_C = 20.0


class RoomType(StrEnum):
    """What most of a building's rooms are."""

    CLASSROOM = "classroom"
    OFFICE = "office"
    KINDERGARTEN = "kindergarten"
    #: Small children, changing rooms.
    NURSERY = "nursery"
    ELDER_CARE = "elder_care"
    #: Corridors, depots, archives.
    SIDE_ROOM = "side_room"
    SPORTS_HALL = "sports_hall"


@dataclass(frozen=True, kw_only=True)
class ComfortProfile:
    """What a kind of room asks for."""

    #: Lowest room temperature while people are there, in C.
    open_c: float
    #: Highest set-point that the municipality heats to, in C.
    highest_set_point_c: float
    #: Where the figures come from, and of which year.
    source: str
    year: int


_SOURCE = (
    "Ishøj Kommune's caps by kind of room; the lower end of the Working Environment Authority's 20-22 C below them"
)


def _capped(cap_c: float) -> ComfortProfile:
    return ComfortProfile(open_c=min(SEATED_C, cap_c), highest_set_point_c=cap_c, source=_SOURCE, year=2024)


#: Defaults; a building's own figures replace them.
PROFILES = {
    RoomType.CLASSROOM: _capped(20.0),
    RoomType.OFFICE: _capped(21.0),
    RoomType.KINDERGARTEN: _capped(21.0),
    RoomType.NURSERY: _capped(22.0),
    RoomType.ELDER_CARE: _capped(23.0),
    RoomType.SIDE_ROOM: _capped(19.0),
    RoomType.SPORTS_HALL: _capped(18.0),
}
