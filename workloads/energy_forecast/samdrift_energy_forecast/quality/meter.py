"""One meter's examination: rows to hours, then every check in the order in which one fault would hide another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter, Quantity
from samdrift_energy_forecast.quality.cells import Cells, Stamps, read_numbers
from samdrift_energy_forecast.quality.clock import (
    ClockEvidence,
    Edge,
    EdgeEvidence,
    follows_summer_time,
    morning_rise,
    skips_local_hour,
)
from samdrift_energy_forecast.quality.counter import CounterEvent, consumption, to_intervals
from samdrift_energy_forecast.quality.examination import ExaminedMeter, RawReadings, Surroundings
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.frozen import frozen
from samdrift_energy_forecast.quality.levels import level_changes
from samdrift_energy_forecast.quality.resampling import GAP_STEPS, Hourly, factor, intervals, is_regular, to_hours
from samdrift_energy_forecast.quality.rows import Rows, hour_of, rows
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.spikes import spikes
from samdrift_energy_forecast.quality.stretch import Stretch, without
from samdrift_energy_forecast.quality.suitability import unsuitable
from samdrift_energy_forecast.quality.typical import LocalClock, typical
from samdrift_energy_forecast.quality.units import hours_in_another_unit, unit_changes
from samdrift_energy_forecast.quality.verdict import Verdict
from samdrift_energy_forecast.quality.zeros import dead, zeros_as_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Irregular readings further apart than this tell no single hours.
LONGEST_IRREGULAR_S = 2 * hours.SECONDS
#: How it is known that stamps and clock do not fit, in Danish and English.
SKIPS = ("den time, som uret springer over, mangler", "the hour that the clock skips is missing")
RHYTHM = {
    ClockEvidence.STANDS_STILL: (
        "hverdagenes rytme flytter sig ikke, når uret stilles",
        "the rhythm of working days does not move when the clock changes",
    ),
    ClockEvidence.MOVES_TWICE: (
        "hverdagenes rytme flytter sig to timer, når uret stilles en",
        "the rhythm of working days moves by two hours when the clock changes by one",
    ),
}


def examined(
    name: str, cells: Cells, stamps: Stamps, file: RawReadings, meter: Meter, surroundings: Surroundings
) -> ExaminedMeter:
    """Examine the series `name`."""
    per_unit = factor(meter)
    ordered = rows(name, cells, stamps, read_numbers(cells, decimal_comma=file.decimal_comma), meter)
    hourly, found = _laid(name, ordered, meter, per_unit)
    stretches = [] if _is_coarse(ordered) else _stretches(hourly, surroundings)
    found += [*ordered.verdicts, *(_verdict(name, hourly, stretch) for stretch in stretches)]
    heat = without(hourly.kwh, stretches)
    outdoor = surroundings.outdoor(hourly.first, len(hourly.kwh))
    if outdoor is not None:
        found += [_verdict(name, hourly, stretch) for stretch in level_changes(hourly.first, heat, outdoor)]
    evidence, edge, told = _of_clock(name, hourly, heat, ordered, meter, surroundings)
    found += [*told, *_coarse(name, hourly, ordered)]
    found += _gaps(name, hourly, found)
    return ExaminedMeter(
        name=name,
        first=hourly.first,
        heat_kwh=heat,
        raw_kwh=hourly.kwh,
        verdicts=tuple(sorted(found, key=lambda verdict: (verdict.first is not None, verdict.first or 0))),
        step_s=ordered.step_s,
        clock=evidence,
        edge=edge,
        unsuitable=unsuitable(hourly.first, hourly.kwh, outdoor),
    )


def _laid(name: str, ordered: Rows, meter: Meter, per_unit: float) -> tuple[Hourly, list[Verdict]]:
    """The readings as hours; and what a counter did on the way."""
    longest = GAP_STEPS * ordered.step_s
    if not is_regular(ordered.seconds, ordered.step_s):
        longest = max(longest, LONGEST_IRREGULAR_S)
    if meter.quantity is Quantity.CUMULATIVE:
        counted = consumption(ordered.seconds, ordered.values, meter.rolls_over_at)
        between = to_intervals(ordered.seconds, counted.used * per_unit)
        return to_hours(between, longest), [_event(name, ordered, event) for event in counted.events]
    return to_hours(intervals(ordered.seconds, ordered.values * per_unit, meter, ordered.step_s), longest), []


def _event(name: str, ordered: Rows, event: CounterEvent) -> Verdict:
    """Of the hours between the two readings around it."""
    last = event.place + (event.code is Finding.COUNTER_OUTLIER)
    begins, ends = int(ordered.seconds[event.place - 1]), int(ordered.seconds[last])
    first = begins // hours.SECONDS
    facts: dict[str, float | str] = {"before": _counted(event.before), "after": _counted(event.after)}
    facts |= {"end": _counted(event.end)} if event.code is Finding.ROLL_OVER else {}
    facts |= {"value": _counted(event.after)} if event.code is Finding.COUNTER_OUTLIER else {}
    count = max(-(-ends // hours.SECONDS) - first, 1)
    return Verdict(code=event.code, meter=name, first=first, count=count, raw=(event.before, event.after), facts=facts)


def _stretches(hourly: Hourly, surroundings: Surroundings) -> list[Stretch]:
    """What is wrong with the values, in the order in which one fault would hide another."""
    if not len(hourly.kwh):
        return []
    clock = LocalClock(first=hourly.first, count=len(hourly.kwh), zone=surroundings.zone)
    found = unit_changes(hourly.kwh)
    around = typical(without(hourly.kwh, found), clock)
    found += hours_in_another_unit(without(hourly.kwh, found), around)
    found += spikes(without(hourly.kwh, found), around)
    long = [*frozen(without(hourly.kwh, found)), *dead(without(hourly.kwh, found), clock)]
    found += long
    left = without(hourly.kwh, found)
    return [*found, *zeros_as_missing(left, typical(left, clock) if long else around)]


def _verdict(name: str, hourly: Hourly, stretch: Stretch) -> Verdict:
    raw = hourly.kwh[stretch.begin : stretch.end]
    shown = raw[:1] if (raw == raw[0]).all() else raw
    if stretch.code.is_notice:
        shown = raw[:0]  # the values are in use, and nobody needs them twice
    return Verdict(
        code=stretch.code,
        meter=name,
        first=hourly.first + stretch.begin,
        count=stretch.end - stretch.begin,
        raw=tuple(None if np.isnan(value) else value for value in shown.tolist()),
        facts={key: _rounded(value) for key, value in stretch.facts.items()},
    )


def _gaps(name: str, hourly: Hourly, found: Sequence[Verdict]) -> Iterator[Verdict]:
    """Hours without a value that no other verdict speaks of."""
    told = np.zeros(len(hourly.kwh), dtype=np.bool_)
    for verdict in found:
        if verdict.first is not None and not verdict.code.is_notice:
            begin = verdict.first - hourly.first
            told[max(begin, 0) : max(begin + verdict.count, 0)] = True
    for begin, end in runs(np.isnan(hourly.kwh) & ~told):
        yield Verdict(code=Finding.GAP, meter=name, first=hourly.first + begin, count=end - begin)


def _is_coarse(ordered: Rows) -> bool:
    return ordered.step_s > hours.SECONDS


def _coarse(name: str, hourly: Hourly, ordered: Rows) -> Iterator[Verdict]:
    if _is_coarse(ordered) and len(hourly.kwh):
        facts = {"step_h": ordered.step_s / hours.SECONDS}
        yield Verdict(code=Finding.COARSE_READINGS, meter=name, first=hourly.first, count=len(hourly.kwh), facts=facts)


def _of_clock(
    name: str, hourly: Hourly, heat: NDArray[np.float64], ordered: Rows, meter: Meter, surroundings: Surroundings
) -> tuple[ClockEvidence, Edge, list[Verdict]]:
    """What the series tells of its clock; and what of that a person should know."""
    if _is_coarse(ordered) or not len(heat):
        return ClockEvidence.CANNOT_TELL, Edge(evidence=EdgeEvidence.CANNOT_TELL), []
    evidence = follows_summer_time(hourly.first, heat, surroundings.zone)
    reason = RHYTHM.get(evidence, SKIPS)
    doubled = frozenset(hour_of(second, meter) for second in ordered.conflicting.tolist())
    if skips_local_hour(hourly.first, hourly.kwh, doubled, surroundings.zone):
        evidence, reason = ClockEvidence.STANDS_STILL, SKIPS
    edge = Edge(evidence=EdgeEvidence.CANNOT_TELL)
    if surroundings.heats_from is not None and evidence not in RHYTHM:
        edge = morning_rise(hourly.first, heat, surroundings.zone, surroundings.heats_from)
    told = _clock_findings(evidence, edge, reason, meter, surroundings)
    return (
        evidence,
        edge,
        [Verdict(code=code, meter=name, first=hourly.first, count=len(heat), facts=facts) for code, facts in told],
    )


def _clock_findings(
    evidence: ClockEvidence, edge: Edge, reason: tuple[str, str], meter: Meter, surroundings: Surroundings
) -> Iterator[tuple[Finding, dict[str, float | str]]]:
    if evidence in RHYTHM:
        zone = surroundings.zone.key
        yield (
            Finding.WRONG_TIME_ZONE,
            {"zone": zone, "named": meter.time_zone, "evidence_da": reason[0], "evidence_en": reason[1]},
        )
    if edge.evidence in (EdgeEvidence.HOUR_EARLY, EdgeEvidence.HOUR_LATE):
        yield Finding.STAMP_EDGE, {"seen": f"{edge.seen:02d}:00", "planned": f"{edge.planned:02d}:00"}


def _counted(value: float) -> str:
    """A counter's reading as its display shows it."""
    return f"{value:.10g}"


def _rounded(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(f"{value:.4g}")
