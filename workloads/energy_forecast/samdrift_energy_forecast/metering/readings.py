"""Meter readings for a plan: examined, on an unbroken row of hours; what cannot be believed is NaN, and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter
from samdrift_energy_forecast.errors import MeterSilentError, ReadingsError, ShortHistoryError
from samdrift_energy_forecast.metering import table_files
from samdrift_energy_forecast.metering.series import ROOM_PREFIX, is_room
from samdrift_energy_forecast.quality.finding import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.plans.notice import Notice
    from samdrift_energy_forecast.quality.examination import ExaminedMeter, RawReadings
    from samdrift_energy_forecast.quality.verdict import Verdict

WHAT = "meter"
#: Heat in kWh of the interval that ends with the stamp; or what the building's meter writes, as it writes it.
HEAT_KWH, HEAT_RAW = "heat_kwh", "heat"
ROOMS = ("indoor_c", "coldest_room_c")
#: Below this no week is left to judge the forecast on.
FEWEST_HOURS = 2 * hours.WEEK
#: More missing hours than this share, and the building is not described by the rest.
LARGEST_MISSING_SHARE = 0.1
#: A plan made on older readings would not know the building's present temperature.
OLDEST_LATEST_READING_H = 24


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Consecutive hours from `first`; all series have shape `(n,)` and NaN where nothing can be believed."""

    first: int
    heat_kwh: NDArray[np.float64]
    #: Mean temperature of the rooms in C, mean of the hour.
    indoor_c: NDArray[np.float64]
    #: The coldest room's temperature in C, mean of the hour.
    coldest_room_c: NDArray[np.float64]
    #: What quality control found.
    verdicts: tuple[Verdict, ...] = ()
    #: Rooms that have a sensor of their own by name, in C, mean of the hour.
    rooms_c: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The hour after the last one."""
        return self.first + len(self.heat_kwh)

    @property
    def has_room_temperature(self) -> bool:
        """Whether rooms were measured in at least nine of ten hours, and in the last one."""
        known = np.isfinite(self.indoor_c)
        return bool(known.mean() >= 1 - LARGEST_MISSING_SHARE and known[-1])

    def notices(self, issue: int) -> tuple[Notice, ...]:
        """What a person should look at, for a plan that begins with hour `issue`."""
        from samdrift_energy_forecast.quality.notices import notices

        return notices(self.verdicts, issue)


def read_meters(data: bytes, issue: int, building: BuildingDescription | None = None) -> Readings:
    """Read and examine readings for a plan that begins with hour `issue`. Later readings are not looked at.

    Args:
        data: CSV or Parquet with `stamp` and `heat_kwh` (kWh of the interval that ends then), or with `heat` as the
            building's meter writes; and `indoor_c`, `coldest_room_c` where rooms are measured, and `room:` with its
            name for each that has a sensor of its own. Stamps carry an offset.
        issue: the plan's first hour.
        building: whose clock helps to judge the meter, and how the meter writes.

    Raises:
        ReadingsError: with the row and the remedy, when the readings cannot carry a plan.
    """
    meter, raw, rooms = _columns(table_files.read_cells(data, WHAT), building)
    examined = _examined(raw, meter, issue, building)
    _check_usable(examined, issue)
    heat = _lay(examined.heat_kwh, examined.first, examined.first, issue)
    _check_enough(heat, issue, examined.verdicts)
    last = int(np.flatnonzero(np.isfinite(_raw(examined, issue)))[-1]) + 1
    columns, verdicts = _rooms(rooms, examined.first, issue)
    indoor, coldest = (columns.pop(name)[:last] for name in ROOMS)
    return Readings(
        first=examined.first,
        heat_kwh=heat[:last],
        indoor_c=indoor,
        coldest_room_c=coldest,
        verdicts=(*examined.verdicts, *verdicts),
        rooms_c={name.removeprefix(ROOM_PREFIX): room_c[:last] for name, room_c in columns.items()},
    )


def examined_heat(data: bytes, until: int, building: BuildingDescription) -> ExaminedMeter:
    """Examine heat readings for an account: hours that cannot be believed are NaN; nothing is asked of their number.

    Args:
        data: as of `read_meters`.
        until: readings of this hour and later are not looked at.
        building: whose meter and clock it is.

    Raises:
        ReadingsError: the file as a whole cannot be read.
    """
    meter, raw, _ = _columns(table_files.read_cells(data, WHAT), building)
    return _examined(raw, meter, until, building)


def _columns(
    table: table_files.CellTable, building: BuildingDescription | None
) -> tuple[Meter, RawReadings, RawReadings]:
    """How the heat meter writes, its readings, and those of the rooms."""
    from samdrift_energy_forecast.quality.examination import RawReadings

    stamps, is_utc = table.named("stamp", WHAT), "stamp" in table.utc
    writes_raw = HEAT_RAW in table.columns and building is not None
    meter = building.meter if writes_raw and building is not None else Meter()
    heat = {HEAT_RAW: table.columns[HEAT_RAW]} if writes_raw else {HEAT_KWH: table.named(HEAT_KWH, WHAT)}
    named = (name for name in table.columns if is_room(name))
    rooms = {name: table.columns[name] for name in (*ROOMS, *named) if name in table.columns}
    both = [
        RawReadings(stamps=stamps, series=series, is_utc=is_utc, decimal_comma=table.decimal_comma)
        for series in (heat, rooms)
    ]
    return meter, both[0], both[1]


def _examined(raw: RawReadings, meter: Meter, issue: int, building: BuildingDescription | None) -> ExaminedMeter:
    from samdrift_energy_forecast.quality.examination import Surroundings, examine

    # The fixed plan's first hour is not held against the meter here: a building that follows our plans heats earlier.
    surroundings = Surroundings(zone=ZoneInfo("UTC") if building is None else building.zone)
    (examined,) = examine(raw, meter, surroundings, until=issue).meters.values()
    return examined


def _rooms(raw: RawReadings, first: int, issue: int) -> tuple[dict[str, NDArray[np.float64]], tuple[Verdict, ...]]:
    """Each room's column in C on hours `first` to `issue - 1`; NaN throughout where one of ROOMS was not sent."""
    from samdrift_energy_forecast.quality.rooms import examined_rooms

    hourly, verdicts = examined_rooms(raw, until=issue)
    columns = {name: np.full(issue - first, np.nan) for name in ROOMS}
    return columns | {name: _lay(one.kwh, one.first, first, issue) for name, one in hourly.items()}, verdicts


def _raw(examined: ExaminedMeter, issue: int) -> NDArray[np.float64]:
    return _lay(examined.raw_kwh, examined.first, examined.first, issue)


def _check_usable(examined: ExaminedMeter, issue: int) -> None:
    if not np.isfinite(examined.raw_kwh).any():
        first = next(_faults(examined.verdicts), "")
        raise ReadingsError(
            f"No reading ends at or before {hours.start_of(issue).isoformat()}, when the plan begins, and can be used. "
            f"{first}".strip()
        )
    if not examined.is_hourly:
        raise ReadingsError(
            f"Readings are {examined.step_s / hours.SECONDS:g} hours apart; a heating plan needs hourly ones. Have the "
            "meter read every hour."
        )
    if not np.nanmax(examined.raw_kwh):
        raise ReadingsError("Every reading is 0 kWh. Look whether the meter is alive and in kWh.")


def _check_enough(heat_kwh: NDArray[np.float64], issue: int, verdicts: tuple[Verdict, ...]) -> None:
    known = np.isfinite(heat_kwh)
    faults = " ".join(sorted({str(verdict.code) for verdict in verdicts if not verdict.code.is_notice}))
    found = f" Found: {faults}." if faults else ""
    if known.sum() < FEWEST_HOURS:
        raise ShortHistoryError(
            f"{int(known.sum())} usable hours of heat are too few; send at least {FEWEST_HOURS} (two weeks).{found}"
        )
    if not known[-OLDEST_LATEST_READING_H:].any():
        raise MeterSilentError(
            f"The latest usable reading is more than {OLDEST_LATEST_READING_H} h before "
            f"{hours.start_of(issue).isoformat()}. Send fresh readings or an earlier issue time.{found}"
        )
    missing = 1 - known.mean()
    if missing > LARGEST_MISSING_SHARE:
        raise ReadingsError(
            f"{missing:.0%} of the hours are missing or cannot be believed; at most {LARGEST_MISSING_SHARE:.0%} "
            f"may be.{found}"
        )


def _faults(verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    for verdict in verdicts:
        if not verdict.code.is_notice and verdict.code is not Finding.GAP:
            where = f"{WHAT} row {verdict.row}, " if verdict.row is not None else ""
            yield f"{where}{verdict.raw[0] if verdict.raw else ''!r}: {verdict.says('en')} {verdict.remedy('en')}"


def _lay(values: NDArray[np.float64], begins: int, first: int, end: int) -> NDArray[np.float64]:
    """Hourly `values` from hour `begins`, on hours `first` to `end - 1`."""
    laid = np.full(end - first, np.nan)
    begin, stop = max(begins, first), min(begins + len(values), end)
    if begin < stop:
        laid[begin - first : stop - first] = values[begin - begins : stop - begins]
    return laid
