from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from samdrift_energy_forecast.building.description import Meter, MeterUnit, Quantity
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering.readings import read_meters
from samdrift_energy_forecast.planning.inputs import read_inputs
from samdrift_energy_forecast.submission import Building
from samdrift_platform.checks import MemoryStore


def changed(meter_csv: bytes, row: int, text: str) -> bytes:
    """The file with one row (1 is the first after the header) replaced."""
    rows = meter_csv.decode().splitlines()
    rows[row] = text
    return "\n".join(rows).encode()


def test_good_readings_are_laid_out_hour_by_hour(meter_csv: bytes, issue: int) -> None:
    readings = read_meters(meter_csv, issue)
    assert readings.end == issue
    assert readings.heat_kwh.shape == (21 * 24,)
    assert readings.has_room_temperature


def test_parquet_says_the_same_as_csv(meter_csv: bytes, issue: int) -> None:
    header, *rows = [line.split(",") for line in meter_csv.decode().splitlines()]
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    stamps = pa.array(columns.pop("stamp")).cast(pa.timestamp("us", tz="UTC"))
    numbers = {name: pa.array([float(value) for value in values]) for name, values in columns.items()}
    file = io.BytesIO()
    parquet.write_table(pa.table({"stamp": stamps, **numbers}), file)
    np.testing.assert_array_equal(read_meters(file.getvalue(), issue).heat_kwh, read_meters(meter_csv, issue).heat_kwh)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"stamp,heat_kwh\n", "no rows"),
        (b"PAR1 not really", "not readable Parquet"),
        (b"\xff\xfe\x00", "neither Parquet nor UTF-8 CSV"),
        (b"time,heat_kwh\n2026-01-05T00:00:00Z,1\n", "no column `stamp`"),
        (b"stamp,kwh\n2026-01-05T00:00:00Z,1\n", "no column `heat_kwh`"),
        (b"stamp,heat_kwh\n2026-01-05T00:00:00Z,1,2\n", "row 1 does not have 2 cells"),
        (b"stamp,heat_kwh\nyesterday,1\n", "meter row 1, 'yesterday': The stamp cannot be read. Write times as"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00,1\n", "no time zone"),
        (b"stamp,heat_kwh\n2026-01-05T01:15:00Z,1\n", "and can be used"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,much\n", "row 1, 'much': The value is not a number"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,inf\n", "row 1, 'inf': The value is not a number"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,1\n", "1 usable hours of heat are too few"),
        (b"stamp,heat_kwh\n2036-01-05T01:00:00Z,1\n", "No reading ends at or before"),
    ],
)
def test_each_unusable_file_is_refused_with_its_reason(data: bytes, says: str, issue: int) -> None:
    with pytest.raises(ReadingsError, match=says):
        read_meters(data, issue)


def test_a_naive_parquet_stamp_is_refused(issue: int) -> None:
    file = io.BytesIO()
    stamps = pa.array(["2026-01-05T01:00:00"]).cast(pa.timestamp("us"))
    parquet.write_table(pa.table({"stamp": stamps, "heat_kwh": pa.array([1.0])}), file)
    with pytest.raises(ReadingsError, match="no time zone"):
        read_meters(file.getvalue(), issue)


def test_a_negative_reading_is_left_out_and_named(meter_csv: bytes, issue: int) -> None:
    readings = read_meters(changed(meter_csv, 10, "2026-01-05T09:00:00Z,-3,20,20"), issue)
    assert np.flatnonzero(np.isnan(readings.heat_kwh)).tolist() == [9]
    (verdict,) = readings.verdicts
    assert (verdict.code, verdict.raw) == ("negative", (-3.0,))
    assert verdict.ends == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_two_values_for_one_stamp_are_both_left_out_and_named(meter_csv: bytes, issue: int) -> None:
    readings = read_meters(changed(meter_csv, 11, "2026-01-05T09:00:00Z,3,20,20"), issue)
    assert np.flatnonzero(np.isnan(readings.heat_kwh)).tolist() == [9, 10]
    assert {str(verdict.code) for verdict in readings.verdicts if verdict.meter == "heat_kwh"} == {"conflicting", "gap"}


def test_a_person_is_told_what_was_left_out(meter_csv: bytes, issue: int) -> None:
    readings = read_meters(changed(meter_csv, 10, "2026-01-05T09:00:00Z,-3,20,20"), issue)
    (notice,) = readings.notices(issue)
    assert notice.code == "readings_negative"
    assert notice.da.startswith("Målerdata, 1 timer til 2026-01-05 09:00 UTC: Målingen er negativ")
    assert "does not run backwards" in notice.en
    assert readings.notices(issue + 5 * 168) == ()


def test_a_plan_s_notices_name_what_was_left_out(
    meter_csv: bytes, issue: int, building: Building, store: MemoryStore
) -> None:
    faulty = store.put(changed(meter_csv, 10, "2026-01-05T09:00:00Z,-3,20,20"))
    inputs = read_inputs(building.model_copy(update={"readings": faulty}), issue, store)
    assert "readings_negative" in {notice.code for notice in inputs.attention}


def test_a_sensor_s_error_value_is_no_room_temperature(meter_csv: bytes, issue: int) -> None:
    readings = read_meters(changed(meter_csv, 10, "2026-01-05T09:00:00Z,3,85,85"), issue)
    assert np.flatnonzero(np.isnan(readings.indoor_c)).tolist() == [9]
    assert {verdict.raw for verdict in readings.verdicts if verdict.code == "impossible-room"} == {(85.0,)}


def test_the_building_s_own_meter_is_read_as_it_writes(meter_csv: bytes, issue: int, building: Building) -> None:
    in_mwh = [line.split(",") for line in meter_csv.decode().splitlines()[1:]]
    counter = np.cumsum([float(cells[1]) / 1000 for cells in in_mwh])
    rows = [f"{cells[0]},{count:.9f}" for cells, count in zip(in_mwh, counter, strict=True)]
    meter = Meter(quantity=Quantity.CUMULATIVE, unit=MeterUnit.MWH)
    read = read_meters("\n".join(["stamp,heat", *rows]).encode(), issue, building.model_copy(update={"meter": meter}))
    np.testing.assert_allclose(read.heat_kwh, read_meters(meter_csv, issue).heat_kwh[1:], atol=2e-6)


def test_daily_readings_carry_no_plan(issue: int) -> None:
    days = [datetime(2026, 1, 4, 23, tzinfo=UTC) + timedelta(days=day + 1) for day in range(21)]
    rows = [f"{day.isoformat()},{100 + day.day}" for day in days]
    with pytest.raises(ReadingsError, match="Readings are 24 hours apart; a heating plan needs hourly ones"):
        read_meters("\n".join(["stamp,heat_kwh", *rows]).encode(), issue)


def test_stale_readings_are_refused(meter_csv: bytes, issue: int) -> None:
    with pytest.raises(ReadingsError, match="more than 24 h before"):
        read_meters(meter_csv, issue + 25)


def test_many_missing_hours_are_refused(meter_csv: bytes, issue: int) -> None:
    header, *rows = meter_csv.decode().splitlines()
    with pytest.raises(ReadingsError, match=r"12% of the hours are missing or cannot be believed.*Found: gap"):
        read_meters("\n".join([header, *rows[:200], *rows[260:]]).encode(), issue)


def test_a_dead_meter_is_refused(meter_csv: bytes, issue: int) -> None:
    header, *rows = meter_csv.decode().splitlines()
    dead = [f"{row.split(',')[0]},0,20,20" for row in rows]
    with pytest.raises(ReadingsError, match="Every reading is 0 kWh"):
        read_meters("\n".join([header, *dead]).encode(), issue)


def test_readings_after_the_issue_time_are_not_looked_at(meter_csv: bytes, issue: int) -> None:
    earlier = issue - 24
    cut = b"\n".join(meter_csv.splitlines()[:-24])
    whole, known = read_meters(meter_csv, earlier), read_meters(cut, earlier)
    np.testing.assert_array_equal(whole.heat_kwh, known.heat_kwh)
    assert whole.end == earlier


def test_without_room_temperature_heat_is_still_read(meter_csv: bytes, issue: int) -> None:
    rows = [",".join(line.split(",")[:2]) for line in meter_csv.decode().splitlines()]
    assert not read_meters("\n".join(rows).encode(), issue).has_room_temperature


CELL = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1e308", "nan", "inf", "1,5", "2026-01-05T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01"]
    ),
    st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, tz=UTC).isoformat()),
    st.floats().map(repr),
    st.text(max_size=8),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12),
    st.sampled_from(["stamp,heat_kwh,indoor_c", "stamp,heat,coldest_room_c", "stamp;heat_kwh;indoor_c", "a,b,c"]),
)
def test_whatever_a_dozen_rows_hold_they_are_refused_with_a_sentence(
    building: Building, rows: list[tuple[str, str, str]], header: str
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";" if ";" in header else ",")
    writer.writerow(header.replace(";", ",").split(","))
    writer.writerows(rows)
    with pytest.raises(ReadingsError) as refused:
        read_meters(file.getvalue().encode("utf-8", errors="replace"), 491_000, building)
    assert re.search(r"\w.*\.$", str(refused.value), re.DOTALL)


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=80).map(lambda rest: b"PAR1" + rest)))
def test_whatever_bytes_they_are_they_are_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(ReadingsError):
        read_meters(data, 491_000)
