"""A heat meter without faults, of our own making, and every fault put into it (or into a real one) at known hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from samdrift_energy_forecast.building.description import Meter, Quantity, StampConvention
from samdrift_energy_forecast.quality.examination import Examination, RawReadings, Surroundings, examine
from samdrift_energy_forecast.quality.finding import Finding

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: Midnight in Copenhagen, 1 September 2024.
BEGINS = int(datetime(2024, 8, 31, 22, tzinfo=UTC).timestamp() // 3600)
YEAR = 365 * 24
#: Hour of the day in which the synthetic building's heating begins.
HEATS_FROM = 6


def wall(first: int, count: int, zone: ZoneInfo) -> list[datetime]:
    """Local wall clock of each hour's beginning, by the standard library."""
    return [datetime.fromtimestamp((first + k) * 3600, tz=zone) for k in range(count)]


def outdoor_c(count: int = YEAR, *, seed: int = 0, first: int = BEGINS) -> Floats:
    """Hourly outdoor temperature in C: the year's swing, and weather that lasts for days."""
    random = np.random.default_rng(seed)
    day_of_year = np.array([moment.timetuple().tm_yday for moment in wall(first, count, COPENHAGEN)])
    slow = np.zeros(count)
    for k in range(1, count):
        slow[k] = 0.99 * slow[k - 1] + random.normal(0, 0.45)
    return np.asarray(8.5 - 9.0 * np.cos(2 * np.pi * (day_of_year - 20) / 365) + slow)


def clean_heat(count: int = YEAR, *, seed: int = 0, first: int = BEGINS) -> Floats:
    """Hourly kWh of a school: weather, working days from 06 to 17 local time, some hot water, rounded to 0.1 kWh."""
    clock = wall(first, count, COPENHAGEN)
    warm = np.array([moment.weekday() < 5 and HEATS_FROM <= moment.hour < 17 for moment in clock])
    morning = np.array([moment.weekday() < 5 and moment.hour == HEATS_FROM for moment in clock])
    demand = np.maximum(17.0 - outdoor_c(count, seed=seed, first=first), 0.0) * (2.0 + 2.5 * warm + 2.0 * morning)
    hot_water = 1.5 + 2.0 * warm
    noise = np.random.default_rng((seed, 1)).lognormal(0, 0.12, count)
    return np.round((demand + hot_water) * noise, 1)


@dataclass(frozen=True, kw_only=True)
class Injected:
    """Readings with a fault."""

    raw: RawReadings
    #: Hours that are wrong now, from the first hour of the series; empty for a fault of the whole series.
    hours: Hours
    #: Verdicts that name the fault rightly.
    codes: frozenset[Finding]
    meter: Meter = field(default_factory=Meter)
    naive_zone: ZoneInfo | None = None
    heats_from: int | None = None


def stamps(first: int, count: int) -> NDArray[np.datetime64]:
    """Ends of hours, UTC."""
    return (np.arange(first + 1, first + count + 1) * 3600).astype("datetime64[s]")


def as_readings(heat: Floats, first: int) -> RawReadings:
    return RawReadings(stamps=stamps(first, len(heat)), series={"heat": heat}, is_utc=True)


def examined(injected: Injected, zone: ZoneInfo = COPENHAGEN) -> Examination:
    surroundings = Surroundings(zone=zone, heats_from=injected.heats_from)
    return examine(injected.raw, injected.meter, surroundings, naive_zone=injected.naive_zone)


def _changed(heat: Floats, first: int, hours: Hours, values: Floats | float, *codes: Finding) -> Injected:
    spoilt = heat.copy()
    spoilt[hours] = values
    return Injected(raw=as_readings(spoilt, first), hours=hours, codes=frozenset(codes))


def _runs(random: np.random.Generator, free: NDArray[np.bool_], count: int, shortest: int, longest: int) -> Hours:
    """Places of `count` runs in `free` hours that do not touch each other."""
    taken = ~free
    chosen: list[int] = []
    for _ in range(50 * count):
        length = int(random.integers(shortest, longest + 1))
        begin = int(random.integers(2, len(free) - length - 2))
        if count and not taken[begin - 2 : begin + length + 2].any():
            taken[begin - 2 : begin + length + 2] = True
            chosen += range(begin, begin + length)
            count -= 1
    return np.array(sorted(chosen), dtype=np.int64)


def _free(heat: Floats, at_least: float = 0.0) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(heat) & (heat > at_least))


def _middle(heat: Floats) -> float:
    return float(np.median(heat[heat > 0]))


def gap(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Rows that are not there."""
    hours = _runs(random, _free(heat, -1), 12, 1, 48)
    kept = np.setdiff1d(np.arange(len(heat)), hours)
    raw = RawReadings(stamps=stamps(first, len(heat))[kept], series={"heat": heat[kept]}, is_utc=True)
    return Injected(raw=raw, hours=hours, codes=frozenset({Finding.GAP}))


def negative(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    hours = _runs(random, _free(heat), 12, 1, 3)
    return _changed(heat, first, hours, -heat[hours], Finding.NEGATIVE)


def repeated(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    return _with_more_rows(heat, first, random, 0.0, Finding.REPEATED)


def conflicting(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    return _with_more_rows(heat, first, random, 1.3, Finding.CONFLICTING)


def _with_more_rows(
    heat: Floats, first: int, random: np.random.Generator, difference: float, code: Finding
) -> Injected:
    hours = _runs(random, _free(heat), 20, 1, 4)
    all_stamps = np.concatenate([stamps(first, len(heat)), stamps(first, len(heat))[hours]])
    values = np.concatenate([heat, heat[hours] + difference])
    order = random.permutation(len(values))
    raw = RawReadings(stamps=all_stamps[order], series={"heat": values[order]}, is_utc=True)
    return Injected(raw=raw, hours=hours, codes=frozenset({code}))


def spike(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """3 to 20 times the 99th percentile, for one hour or two."""
    hours = _runs(random, _free(heat, -1), 12, 1, 2)
    high = np.quantile(heat[heat > 0], 0.99)
    values = high * random.uniform(3, 20, len(hours))
    return _changed(heat, first, hours, values, Finding.SPIKE, Finding.CATCH_UP)


def catch_up(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """12 to 36 hours of 0, and their sum in the hour after them."""
    spoilt, hours = heat.copy(), _runs(random, _free(heat, 0.3 * _middle(heat)), 8, 12, 36)
    ends = hours[np.append(np.diff(hours) > 1, True)]
    begins = hours[np.append(True, np.diff(hours) > 1)]
    for begin, end in zip(begins, ends, strict=True):
        spoilt[end + 1] = heat[begin : end + 2].sum()
    spoilt[hours] = 0.0
    codes = frozenset({Finding.CATCH_UP, Finding.SPIKE, Finding.ZERO_AS_MISSING})
    return Injected(raw=as_readings(spoilt, first), hours=np.union1d(hours, ends + 1), codes=codes)


def frozen(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """One value for 24 to 120 hours."""
    spoilt, hours = heat.copy(), _runs(random, _free(heat, 0.5 * _middle(heat)), 8, 24, 120)
    begins = hours[np.append(True, np.diff(hours) > 1)]
    for hour in hours:
        spoilt[hour] = spoilt[hour - 1] if hour not in begins else heat[hour]
    return Injected(raw=as_readings(spoilt, first), hours=hours, codes=frozenset({Finding.FROZEN}))


def zero_as_missing(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Zeros for 1 to 48 hours, where the meter showed at least half of its middle value."""
    hours = _runs(random, _free(heat, 0.5 * _middle(heat)), 15, 1, 48)
    return _changed(heat, first, hours, 0.0, Finding.ZERO_AS_MISSING, Finding.DEAD)


def dead(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Zeros for 15 to 40 days of the heating season."""
    months = np.array([moment.month for moment in wall(first, len(heat), COPENHAGEN)])
    winter = np.flatnonzero(np.isin(months, (11, 12, 1, 2)))
    begin = int(random.choice(winter[: len(winter) // 2]))
    hours = np.arange(begin, min(begin + int(random.integers(15, 41)) * 24, len(heat)))
    return _changed(heat, first, hours, 0.0, Finding.DEAD)


def unit_for_weeks(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """One to eight weeks in MWh, W or GJ, where there is heat in most hours: a zero is one in any unit."""
    length = int(random.integers(168, 8 * 168))
    begins = [b for b in range(24, len(heat) - length - 24, 24) if (heat[b : b + length] > 0).mean() > 0.8]
    begin = int(random.choice(begins)) + int(random.integers(0, 24))
    hours = np.arange(begin, begin + length)
    factor = float(random.choice([1e-3, 1e3, 3.6e-3]))
    return _changed(heat, first, hours, heat[hours] * factor, Finding.UNIT_CHANGE)


def unit_for_hours(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Single hours in MWh or W."""
    hours = _runs(random, _free(heat, 0.5 * _middle(heat)), 12, 1, 6)
    factor = float(random.choice([1e-3, 1e3]))
    return _changed(heat, first, hours, heat[hours] * factor, Finding.UNIT_CHANGE)


def unreadable(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    hours = _runs(random, _free(heat, -1), 12, 1, 3)
    cells: list[object] = [repr(value) for value in heat.tolist()]
    for hour in hours:
        cells[hour] = str(random.choice(["n/a", "#VALUE!", "inf", "--"]))
    raw = RawReadings(stamps=stamps(first, len(heat)), series={"heat": cells}, is_utc=True)
    return Injected(raw=raw, hours=hours, codes=frozenset({Finding.UNREADABLE_VALUE}))


def off_grid(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Stamps seven minutes late."""
    hours = _runs(random, _free(heat, -1), 12, 1, 1)
    moved = stamps(first, len(heat)).copy()
    moved[hours] += np.timedelta64(420, "s")
    raw = RawReadings(stamps=moved, series={"heat": heat}, is_utc=True)
    return Injected(raw=raw, hours=hours, codes=frozenset({Finding.OFF_GRID_STAMP}))


def _counted(
    heat: Floats, first: int, counts: Floats, hours: Hours, *codes: Finding, end: float | None = None
) -> Injected:
    raw = RawReadings(stamps=stamps(first - 1, len(counts)), series={"heat": counts}, is_utc=True)
    meter = Meter(quantity=Quantity.CUMULATIVE, rolls_over_at=end)
    return Injected(raw=raw, hours=hours, codes=frozenset(codes), meter=meter)


def counter_of(heat: Floats, begins_at: float = 12_345.0) -> Floats:
    """A counter's readings at the beginning of the first hour and at the end of each."""
    return begins_at + np.concatenate([[0.0], np.cumsum(heat)])


def counter_reset(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    counts, hours = counter_of(heat), _runs(random, _free(heat), 4, 1, 1)
    for hour in hours:
        counts[hour + 1 :] -= counts[hour + 1]
    return _counted(heat, first, counts, hours, Finding.COUNTER_RESET)


def roll_over(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """A counter of so few digits that it rolls over twice; its file does not say so."""
    counts = counter_of(heat)
    end = 10.0 ** np.floor(np.log10(np.sum(heat) / 2))
    hours = np.flatnonzero(np.diff(counts // end) > 0)
    return _counted(heat, first, counts % end, hours, Finding.ROLL_OVER)


def meter_exchanged(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    counts, hours = counter_of(heat), _runs(random, _free(heat), 3, 1, 1)
    for hour, offset in zip(hours, (250_000.0, 900_000.0, -1_100_000.0), strict=True):
        counts[hour + 1 :] += offset
    return _counted(heat, first, counts + 2e6, hours, Finding.METER_EXCHANGED)


def counter_outlier(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    counts, places = counter_of(heat), _runs(random, _free(heat), 6, 1, 1)
    counts[places + 1] = random.choice([0.0, 1e6], len(places))
    hours = np.unique(np.concatenate([places, places + 1]))
    return _counted(heat, first, counts, hours, Finding.COUNTER_OUTLIER)


def local_taken_for_utc(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Ends of hours by the local clock, all of them, called UTC; the doubled hour's second value counts."""
    ends = [moment.replace(tzinfo=UTC) for moment in wall(first + 1, len(heat), COPENHAGEN)]
    unique = {end: place for place, end in enumerate(ends)}
    kept = np.array(list(unique.values()))
    cells = [end.isoformat() for end in unique]
    raw = RawReadings(stamps=cells, series={"heat": heat[kept]})
    none = np.empty(0, dtype=np.int64)
    return Injected(raw=raw, hours=none, codes=frozenset({Finding.WRONG_TIME_ZONE}))


def clock_without_summer_time(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """Winter time all year round, read as local time with summer time."""
    ends = (np.arange(first + 1, first + len(heat) + 1) * 3600 + 3600).astype("datetime64[s]")
    raw = RawReadings(stamps=ends, series={"heat": heat})
    none = np.empty(0, dtype=np.int64)
    codes = frozenset({Finding.WRONG_TIME_ZONE, Finding.SKIPPED_LOCAL_HOUR})
    meter = Meter(time_zone="Europe/Copenhagen")
    return Injected(raw=raw, hours=none, codes=codes, naive_zone=COPENHAGEN, meter=meter)


def start_taken_for_end(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    none = np.empty(0, dtype=np.int64)
    codes = frozenset({Finding.STAMP_EDGE})
    return Injected(raw=as_readings(heat, first - 1), hours=none, codes=codes, heats_from=HEATS_FROM)


def end_taken_for_start(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    none = np.empty(0, dtype=np.int64)
    meter = Meter(stamp=StampConvention.START)
    codes = frozenset({Finding.STAMP_EDGE})
    return Injected(raw=as_readings(heat, first), hours=none, codes=codes, heats_from=HEATS_FROM, meter=meter)


def scaled_copy(heat: Floats, first: int, random: np.random.Generator) -> Injected:
    """A second name for 0.37 of the same meter, rounded to 0.1."""
    series = {"heat": heat, "copy": np.round(0.37 * heat, 1)}
    raw = RawReadings(stamps=stamps(first, len(heat)), series=series, is_utc=True)
    return Injected(raw=raw, hours=np.empty(0, dtype=np.int64), codes=frozenset({Finding.SCALED_COPY}))


Injector = Callable[[Floats, int, np.random.Generator], Injected]
#: Faults of single hours, by name.
OF_HOURS: Mapping[str, Injector] = {
    each.__name__.replace("_", "-"): each
    for each in (
        gap,
        repeated,
        conflicting,
        unreadable,
        off_grid,
        negative,
        spike,
        catch_up,
        frozen,
        zero_as_missing,
        dead,
        unit_for_weeks,
        unit_for_hours,
        counter_reset,
        roll_over,
        meter_exchanged,
        counter_outlier,
    )
}
#: Faults of a whole series.
OF_SERIES: Mapping[str, Injector] = {
    each.__name__.replace("_", "-"): each
    for each in (
        local_taken_for_utc,
        clock_without_summer_time,
        start_taken_for_end,
        end_taken_for_start,
        scaled_copy,
    )
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """How well the hours of a fault were found."""

    injected: int
    found: int
    #: Hours named that were sound, by any verdict that leaves hours out.
    wrong: int

    @property
    def recall(self) -> float:
        return self.found / self.injected if self.injected else float("nan")

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found + self.wrong else float("nan")


def judged(injected: Injected, first: int, count: int, before: NDArray[np.bool_], zone: ZoneInfo) -> Found:
    """Examine `injected`, a series of `count` hours from `first`; hours in `before` were named without the fault."""
    named_right, named = (np.zeros(count, dtype=np.bool_) for _ in range(2))
    for verdict in examined(injected, zone).verdicts:
        if verdict.first is None:
            continue
        hours = np.arange(verdict.first - first, verdict.first - first + verdict.count)
        hours = hours[(hours >= 0) & (hours < count)]
        named_right[hours] |= verdict.code in injected.codes
        named[hours] |= verdict.code in injected.codes or not verdict.code.is_notice
    truth = np.zeros(count, dtype=np.bool_)
    truth[injected.hours] = True
    return Found(
        injected=int(truth.sum()), found=int((truth & named_right).sum()), wrong=int((named & ~truth & ~before).sum())
    )


def named_hours(heat: Floats, first: int, zone: ZoneInfo) -> NDArray[np.bool_]:
    """Hours of `heat` that are left out as it is."""
    injected = Injected(raw=as_readings(heat, first), hours=np.empty(0, dtype=np.int64), codes=frozenset())
    (meter,) = examined(injected, zone).meters.values()
    named = np.zeros(len(heat), dtype=np.bool_)
    begin = meter.first - first
    named[begin : begin + len(meter.heat_kwh)] = np.isnan(meter.heat_kwh)
    return named
