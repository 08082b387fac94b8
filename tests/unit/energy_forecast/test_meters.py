from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.meters import read_meters


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
        (b"stamp,heat_kwh\nyesterday,1\n", "not an ISO 8601 time"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00,1\n", "no time zone"),
        (b"stamp,heat_kwh\n2026-01-05T01:15:00Z,1\n", "not on the full hour"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,much\n", "not a number"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,inf\n", "not a finite number"),
        (b"stamp,heat_kwh\n2026-01-05T01:00:00Z,1\n", "too few"),
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


def test_a_negative_reading_is_named(meter_csv: bytes, issue: int) -> None:
    with pytest.raises(ReadingsError, match=r"negative, the lowest -3 kWh at 2026-01-05T09:00:00\+00:00"):
        read_meters(changed(meter_csv, 10, "2026-01-05T09:00:00Z,-3,20,20"), issue)


def test_a_stamp_that_is_there_twice_is_named(meter_csv: bytes, issue: int) -> None:
    with pytest.raises(ReadingsError, match=r"there twice, the first 2026-01-05T09:00:00\+00:00"):
        read_meters(changed(meter_csv, 11, "2026-01-05T09:00:00Z,3,20,20"), issue)


def test_stale_readings_are_refused(meter_csv: bytes, issue: int) -> None:
    with pytest.raises(ReadingsError, match="more than 24 h before"):
        read_meters(meter_csv, issue + 25)


def test_many_missing_hours_are_refused(meter_csv: bytes, issue: int) -> None:
    header, *rows = meter_csv.decode().splitlines()
    with pytest.raises(ReadingsError, match="12% of the hours are missing"):
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
