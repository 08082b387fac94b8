"""From cells to hours: stamps, numbers, units, intervals; energy is neither lost nor made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.building.description import Meter, MeterUnit, Quantity, StampConvention
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.quality.cells import read_numbers, read_stamps
from samdrift_energy_forecast.quality.examination import ExaminedMeter, RawReadings, Surroundings, examine
from samdrift_energy_forecast.quality.finding import Finding

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SURROUNDINGS = Surroundings(zone=COPENHAGEN)
BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(
    cells: Sequence[tuple[str, object]], meter: Meter | None = None, *, zone: ZoneInfo | None = None
) -> ExaminedMeter:
    raw = RawReadings(stamps=[stamp for stamp, _ in cells], series={"heat": [str(value) for _, value in cells]})
    return examine(raw, meter or Meter(), SURROUNDINGS, naive_zone=zone).meters["heat"]


def every(step: timedelta, values: list[float], begins: datetime = BEGINS) -> list[tuple[str, object]]:
    """Ends of intervals."""
    return [((begins + (k + 1) * step).isoformat(), value) for k, value in enumerate(values)]


def wall(moment: datetime) -> str:
    """As a clock on the wall shows it: without an offset."""
    return moment.replace(tzinfo=None).isoformat()


@pytest.mark.parametrize(
    ("unit", "kwh"),
    [("kWh", 12.0), ("Wh", 0.012), ("MWh", 12_000.0), ("GJ", 3333.333), ("m3", 132.0)],
)
def test_units_of_energy(unit: str, kwh: float) -> None:
    meter = Meter(unit=MeterUnit(unit), kwh_per_m3=11.0 if unit == "m3" else None)
    assert read(every(HOUR, [12.0, 12.0]), meter).heat_kwh == pytest.approx([kwh, kwh], rel=1e-6)


@pytest.mark.parametrize(("unit", "kwh"), [("kW", 3.0), ("W", 0.003)])
def test_mean_power_of_quarters_becomes_energy_of_hours(unit: str, kwh: float) -> None:
    meter = Meter(quantity=Quantity.POWER, unit=MeterUnit(unit))
    assert read(every(HOUR / 4, [2.0, 3.0, 4.0, 3.0, 0.0, 6.0, 6.0, 0.0]), meter).heat_kwh == pytest.approx([kwh, kwh])


def test_power_in_a_unit_of_energy_is_refused() -> None:
    with pytest.raises(ReadingsError, match="cannot write power in kWh"):
        read(every(HOUR, [1.0]), Meter(quantity=Quantity.POWER))


def test_a_stamp_at_the_start_belongs_to_the_hour_after_it() -> None:
    at_start, at_end = (
        read(every(HOUR, [1.0, 2.0]), Meter(stamp=edge)) for edge in (StampConvention.START, StampConvention.END)
    )
    assert at_start.first == at_end.first + 1


def test_an_irregular_counter_is_spread_between_its_readings() -> None:
    minutes, counts = [0, 50, 110, 190, 240], [100.0, 105.0, 111.0, 119.0, 124.0]
    cells = [((BEGINS + timedelta(minutes=at)).isoformat(), count) for at, count in zip(minutes, counts, strict=True)]
    meter = read([(stamp, count) for stamp, count in cells], Meter(quantity=Quantity.CUMULATIVE))
    assert meter.heat_kwh == pytest.approx([6.0, 6.0, 6.0, 6.0])  # 0.1 kWh a minute throughout


def test_a_counter_s_energy_across_a_gap_is_not_guessed() -> None:
    counts = np.cumsum(np.full(48, 2.0))
    cells = every(HOUR, counts.tolist())
    meter = read([*cells[:20], *cells[26:]], Meter(quantity=Quantity.CUMULATIVE))
    assert np.flatnonzero(np.isnan(meter.heat_kwh)).tolist() == list(range(19, 26))
    assert meter.counts == {Finding.GAP: 7}


def test_daily_readings_are_spread_evenly_and_say_so() -> None:
    meter = read(every(24 * HOUR, [240.0, 120.0, 48.0]))
    assert meter.heat_kwh == pytest.approx(np.repeat([10.0, 5.0, 2.0], 24))
    assert list(meter.counts) == [Finding.COARSE_READINGS]
    assert not meter.is_hourly


energies = st.lists(st.floats(0, 1e5, allow_nan=False), min_size=1, max_size=120)


@settings(max_examples=30)
@given(energies, st.sampled_from([5, 15, 20, 30, 60]), st.sampled_from(list(Quantity)))
def test_energy_is_neither_lost_nor_made(values: list[float], minutes: int, quantity: Quantity) -> None:
    in_an_hour = 60 // minutes
    whole = values + [1.0] * (-len(values) % in_an_hour)
    step = timedelta(minutes=minutes)
    if quantity is Quantity.CUMULATIVE:
        start = [(BEGINS.isoformat(), 0.0)]
        # One rate throughout: what a counter may do at once is judged by what it does otherwise.
        whole = [10.0] * len(whole)
        meter = read([*start, *every(step, np.cumsum(whole).tolist())], Meter(quantity=quantity))
        expected = sum(whole)
    elif quantity is Quantity.POWER:
        meter = read(every(step, whole), Meter(quantity=quantity, unit=MeterUnit.KW))
        expected = sum(whole) / in_an_hour
    else:
        meter = read(every(step, whole), Meter())
        expected = sum(whole)
    assert np.nansum(meter.raw_kwh) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@settings(max_examples=8)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: object) -> None:
    values = (np.random.default_rng(5).uniform(1, 9, 24 * 14)).round(2).tolist()
    cells = [*every(HOUR, values), *every(HOUR, [5.5], BEGINS + 30 * HOUR), ("2026-01-06T09:30:00Z", 4.0)]
    shuffled = list(cells)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    one, other = read(cells), read(shuffled)
    np.testing.assert_array_equal(one.heat_kwh, other.heat_kwh)
    assert one.counts == other.counts
    assert one.counts[Finding.CONFLICTING] == one.counts[Finding.OFF_GRID_STAMP] == 1


def test_a_spring_night_in_local_time_has_23_hours() -> None:
    local = [datetime(2026, 3, 29, tzinfo=UTC) + k * HOUR for k in range(24) if k != 2]
    meter = read([(wall(moment), moment.hour % 5 + 1.0) for moment in local], zone=COPENHAGEN)
    assert (len(meter.heat_kwh), meter.verdicts) == (23, ())


def test_an_autumn_night_in_local_time_has_25_hours() -> None:
    local = [datetime(2026, 10, 25, tzinfo=UTC) + k * HOUR for k in (0, 1, 2, 2, 3, 4)]
    meter = read([(wall(moment), k + 1.0) for k, moment in enumerate(local)], zone=COPENHAGEN)
    assert (meter.heat_kwh.tolist(), meter.verdicts) == ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], ())


def test_a_skipped_or_doubled_hour_that_nobody_can_place_is_named() -> None:
    spring = [datetime(2026, 3, 29, tzinfo=UTC) + k * HOUR for k in range(6)]
    meter = read([(wall(moment), 1.0) for moment in spring], zone=COPENHAGEN)
    (verdict,) = meter.verdicts
    assert (verdict.code, verdict.row, verdict.raw) == (Finding.SKIPPED_LOCAL_HOUR, 3, ("2026-03-29T02:00:00",))
    autumn = [datetime(2026, 10, 25, tzinfo=UTC) + k * HOUR for k in range(6)]
    meter = read([(wall(moment), 1.0) for moment in autumn], zone=COPENHAGEN)
    assert meter.counts == {Finding.DOUBLED_LOCAL_HOUR: 1, Finding.GAP: 2}


def test_naive_stamps_need_a_time_zone() -> None:
    cells = [(f"2026-01-05T0{k}:00:00", 1.0) for k in range(1, 4)]
    assert read(cells).counts == {Finding.NAIVE_STAMP: 3}
    assert read(cells, zone=COPENHAGEN).verdicts == ()


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-01-05T07:00:00Z", 0),
        ("2026-01-05 07:00:00+01:00", -3600),
        ("2026-01-05T07:00+0100", -3600),
        ("2026-01-05T06:59:59.999Z", 0),
    ],
)
def test_stamps_with_an_offset(text: str, offset: int) -> None:
    stamps = read_stamps([text])
    assert (stamps.seconds.tolist(), stamps.faults) == ([1767596400 + offset], {})


def test_a_date_alone_has_no_offset_although_it_ends_like_one() -> None:
    assert read_stamps(["2026-01-05"]).faults == {0: Finding.NAIVE_STAMP}


@pytest.mark.parametrize(
    ("cells", "values"),
    [(["1,5", "1.234,5", ""], [1.5, 1234.5, None]), (["1,5", "1.234"], [1.5, None]), (["1.5", "2"], [1.5, 2.0])],
)
def test_danish_decimals(cells: list[str], values: list[float | None]) -> None:
    read_values = read_numbers(cells, decimal_comma=True).values.tolist()
    assert [None if np.isnan(value) else value for value in read_values] == values


def test_a_wrong_year_makes_no_endless_row_of_hours() -> None:
    meter = read([*every(HOUR, [5.0, 6.0, 7.0]), ("9026-01-05T04:00:00Z", 8.0)])
    assert (len(meter.heat_kwh), meter.counts) == (3, {Finding.STRAY_STAMP: 1})
