"""Reads a schedule's JSON into bacpypes3's own types, through their encoding, and asks them what holds when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from bacpypes3.basetypes import (
    AnyAtomic,
    CalendarEntry,
    DailySchedule,
    DateRange,
    SpecialEvent,
    SpecialEventPeriod,
    TimeValue,
)
from bacpypes3.local.schedule import ScheduleObject
from bacpypes3.primitivedata import Date, Null, Real, Time

_UNSPECIFIED = "*-*-*"


@dataclass(frozen=True)
class BacnetSchedule:
    """A schedule object that was built from JSON, encoded and decoded again (ASHRAE 135, clauses 20 and 21)."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: bytes) -> BacnetSchedule:
        return cls(json.loads(data))

    def value_at(self, local: datetime) -> float:
        """What the schedule's present value is at a local clock time."""
        moment = (Date(local.date().isoformat()), Time(local.strftime("%H:%M:%S.00")))
        found, _ = self._whole.eval(*moment)
        if isinstance(found.get_value(), Null):
            # Clause 12.24.4: it gives way to the weekly schedule. bacpypes3 0.0.110 looks for Null outside its wrapper.
            found, _ = self._weekly.eval(*moment)
        return float(found.get_value())

    @cached_property
    def _whole(self) -> Any:
        exceptions = [_again(_exception(event)) for event in self.document["exception_schedule"]]
        return self._schedule(exceptionSchedule=exceptions)

    @cached_property
    def _weekly(self) -> Any:
        return self._schedule()

    def _schedule(self, **more: Any) -> Any:
        period = self.document["effective_period"]
        week = [_again(DailySchedule(daySchedule=_times(day))) for day in self.document["weekly_schedule"]]
        assert len(week) == 7
        return _initialised(
            objectIdentifier="schedule,1",
            objectName=self.document["object_name"],
            presentValue=Real(0.0),
            effectivePeriod=_again(
                DateRange(startDate=Date(period["start_date"]), endDate=Date(period["end_date"] or _UNSPECIFIED))
            ),
            weeklySchedule=week,
            scheduleDefault=AnyAtomic(Real(self.document["schedule_default"])),
            listOfObjectPropertyReferences=self.document["list_of_object_property_references"],
            priorityForWriting=self.document["priority_for_writing"],
            outOfService=self.document["out_of_service"],
            **more,
        )


def _initialised(**properties: Any) -> ScheduleObject:
    """A schedule object whose initialisation has ended: it leaves the last step to an event loop, which ends here too.

    The loop does not run while the object is made: it would interpret the schedule by the clock on the wall.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        found = ScheduleObject(**properties)
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    found.check_reliability()
    return found


def _exception(event: Mapping[str, Any]) -> SpecialEvent:
    day = CalendarEntry(date=Date(event["period"]["calendar_entry"]["date"]))
    return SpecialEvent(
        period=SpecialEventPeriod(calendarEntry=day),
        listOfTimeValues=_times(event["list_of_time_values"]),
        eventPriority=event["event_priority"],
    )


def _times(values: Sequence[Mapping[str, Any]]) -> list[TimeValue]:
    return [
        TimeValue(
            time=Time(f"{each['time']}.00"),
            value=AnyAtomic(Null(()) if each["value"] is None else Real(each["value"])),
        )
        for each in values
    ]


def _again(value: Any) -> Any:
    """`value` as the other side of a network reads it."""
    return type(value).decode(value.encode())
