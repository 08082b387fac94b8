"""What quality control can find: codes for programs. The sentences for people stand in `sentences`."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """One kind of fault of a meter, its readings or its clock."""

    #: A stamp that is no ISO 8601 time.
    UNREADABLE_STAMP = "unreadable-stamp"
    #: A stamp without offset, where no time zone is known for the meter.
    NAIVE_STAMP = "naive-stamp"
    #: A local stamp inside the hour that summer time skips: no clock that follows summer time shows it.
    SKIPPED_LOCAL_HOUR = "skipped-local-hour"
    #: A local stamp inside the hour that comes twice in autumn, and the rows do not say which of the two it is.
    DOUBLED_LOCAL_HOUR = "doubled-local-hour"
    #: A stamp years away from all the others.
    STRAY_STAMP = "stray-stamp"
    #: A stamp beside the grid on which the meter's other stamps lie.
    OFF_GRID_STAMP = "off-grid-stamp"
    #: A value that is no number of a meter: a word, infinite, or of more than 15 digits.
    UNREADABLE_VALUE = "unreadable-value"
    #: The same stamp with the same value again; it counts once.
    REPEATED = "repeated"
    #: The same stamp with another value; none of them counts.
    CONFLICTING = "conflicting"
    #: Hours without a reading between two with one.
    GAP = "gap"
    #: Less than nothing.
    NEGATIVE = "negative"
    #: Far above everything that the meter shows otherwise, for an hour or two.
    SPIKE = "spike"
    #: The consumption of several hours, booked in the first hour after they were missed.
    CATCH_UP = "catch-up"
    #: The very same value again and again, longer than chance allows.
    FROZEN = "frozen"
    #: A zero where the same hour of neighbouring days is far from zero: a missing value stored as 0.
    ZERO_AS_MISSING = "zero-as-missing"
    #: Nothing but zeros for days between November and March.
    DEAD = "dead"
    #: Values 1,000 or 277.8 times too high or too low: written in another unit.
    UNIT_CHANGE = "unit-change"
    #: So many times as much as before in the same weather, from one day on; told where the weather is known.
    LEVEL_CHANGE = "level-change"
    #: A counter that fell back to about 0.
    COUNTER_RESET = "counter-reset"
    #: A counter that reached the end of its digits and began again.
    ROLL_OVER = "roll-over"
    #: A counter that went on from another reading: another meter.
    METER_EXCHANGED = "meter-exchanged"
    #: One counter reading beside the line, the next one on it again.
    COUNTER_OUTLIER = "counter-outlier"
    #: Readings too far apart to tell hours: daily or slower ones.
    COARSE_READINGS = "coarse-readings"
    #: Another meter times a factor.
    SCALED_COPY = "scaled-copy"
    #: Stamps that follow the local clock although they say UTC, or ignore summer time although they say local.
    WRONG_TIME_ZONE = "wrong-time-zone"
    #: The morning rise lies an hour away from where the building's fixed plan puts it: start and end of hour mixed up.
    STAMP_EDGE = "stamp-edge"
    #: A room temperature that no room has, such as a sensor's error value.
    IMPOSSIBLE_ROOM = "impossible-room"

    @property
    def is_notice(self) -> bool:
        """Whether the values stay in use: the finding is told, not acted on."""
        return self in _NOTICES


_NOTICES = frozenset(
    {
        Finding.REPEATED,
        Finding.COARSE_READINGS,
        Finding.LEVEL_CHANGE,
        Finding.SCALED_COPY,
        Finding.WRONG_TIME_ZONE,
        Finding.STAMP_EDGE,
    }
)
