from __future__ import annotations

import io
import math
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from random import Random
from typing import Any

import pytest
from pyarrow import parquet

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.metering.reading_store import Kept, Reading
from samdrift_energy_forecast.metering.readings import read_meters
from samdrift_energy_forecast.metering.series import RoomSeries, Series
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.heating import DESCRIPTION

FIRST = datetime(2026, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def heat(k: int, value: float | None, series: Series | RoomSeries = Series.HEAT) -> Reading:
    return Reading(building="school-1", series=series, stamp=FIRST + k * HOUR, value=value)


def append(ledger: Ledger, *new: Reading, now: datetime = NOW) -> list[Kept]:
    with ledger.write() as connection:
        return reading_store.append(connection, new, source="push:gateway", now=now)


def values(ledger: Ledger, *, known_at: datetime = NOW) -> list[tuple[int, float | None]]:
    with ledger.read() as connection:
        rows = reading_store.read_back(
            connection, "school-1", first=FIRST - HOUR, end=FIRST + 48 * HOUR, known_at=known_at
        )
    return [((stamp - FIRST) // HOUR, value) for _, stamp, value, _ in rows]


def test_a_repeat_adds_nothing(ledger: Ledger) -> None:
    batch = [heat(0, 5.0), heat(1, None), heat(2, 0.0)]
    assert append(ledger, *batch) == [Kept.STORED] * 3
    assert append(ledger, *batch) == [Kept.REPEATED] * 3
    assert values(ledger) == [(0, 5.0), (1, None), (2, 0.0)]


def test_a_contradiction_is_kept_beside_what_it_contradicts(ledger: Ledger) -> None:
    append(ledger, heat(0, 5.0))
    assert append(ledger, heat(0, 6.0), heat(0, 6.0)) == [Kept.CONFLICTING, Kept.REPEATED]
    assert values(ledger) == [(0, 5.0), (0, 6.0)]


def test_what_came_later_was_not_known_before(ledger: Ledger) -> None:
    append(ledger, heat(0, 5.0), now=NOW)
    append(ledger, heat(0, 6.0), heat(1, 7.0), now=NOW + HOUR)
    assert values(ledger, known_at=NOW) == [(0, 5.0)]
    assert values(ledger, known_at=NOW + HOUR) == [(0, 5.0), (0, 6.0), (1, 7.0)]


def order(ledger: Ledger) -> bytes:
    with ledger.read() as connection:
        return reading_store.order_table(
            connection, "school-1", first=FIRST - HOUR, end=FIRST + 48 * HOUR, known_at=NOW
        )


def test_an_order_has_a_column_for_each_series_and_a_row_for_each_contradiction(ledger: Ledger) -> None:
    append(ledger, heat(0, 5.0), heat(1, 6.0), heat(1, 20.5, Series.INDOOR), heat(2, None))
    append(ledger, heat(0, 5.5))
    assert parquet.read_table(io.BytesIO(order(ledger))).to_pydict() == {
        "stamp": [FIRST, FIRST, FIRST + HOUR, FIRST + 2 * HOUR],
        "heat": [5.0, 5.5, 6.0, None],
        "indoor_c": [None, None, 20.5, None],
    }


def test_a_value_after_none_is_no_contradiction(ledger: Ledger) -> None:
    append(ledger, heat(0, None))
    assert append(ledger, heat(0, 5.0)) == [Kept.STORED]
    assert append(ledger, heat(0, None)) == [Kept.REPEATED]
    assert parquet.read_table(io.BytesIO(order(ledger)))["heat"].to_pylist() == [5.0]


def test_a_plan_reads_an_orders_table_as_the_meter_writes(ledger: Ledger) -> None:
    """MWh of a meter that stamps the start of the hour; one hour is contradicted and left out."""
    megawatt = {"unit": "MWh", "stamp": "start"}
    school = BuildingDescription.model_validate(DESCRIPTION | {"meter": megawatt})
    with ledger.write() as connection:
        batch = [heat(k, (5 + k % 24) / 1000) for k in range(21 * 24)]
        reading_store.append(connection, [*batch, heat(480, 0.9)], source="push:gateway", now=NOW)
        data = reading_store.order_table(
            connection, "school-1", first=FIRST - HOUR, end=FIRST + 600 * HOUR, known_at=NOW
        )
    issue = hours.beginning_at(FIRST) + 21 * 24
    found = read_meters(data, issue, school)
    wanted = [5.0 + k % 24 for k in range(21 * 24)]
    assert found.first == hours.beginning_at(FIRST)
    assert math.isnan(found.heat_kwh[480])
    assert found.heat_kwh[:480].tolist() == pytest.approx(wanted[:480])


def test_the_newest_stamp_of_each_series_is_known(ledger: Ledger) -> None:
    append(ledger, heat(3, 5.0), heat(1, 6.0), heat(1, 20.5, Series.INDOOR))
    with ledger.read() as connection:
        found = reading_store.latest(connection, "school-1")
    assert found == {Series.HEAT: FIRST + 3 * HOUR, Series.INDOOR: FIRST + HOUR}


def test_an_order_s_table_is_what_reading_back_row_by_row_gives(ledger: Ledger) -> None:
    random = Random(7)
    chosen = [Series.HEAT, Series.INDOOR, Series.RETURN]
    batch = [
        heat(random.randrange(30), random.choice([None, random.random()]), random.choice(chosen)) for _ in range(200)
    ]
    append(ledger, *batch)
    span: dict[str, Any] = {"first": FIRST + HOUR, "end": FIRST + 25 * HOUR, "known_at": NOW}
    said: dict[tuple[datetime, Series | RoomSeries], list[float | None]] = {}
    with ledger.read() as connection:
        for series, stamp, value, _ in reading_store.read_back(connection, "school-1", **span):
            values = said.setdefault((stamp, series), [])
            if value is not None or not values:
                values[:] = [*(known for known in values if known is not None), value]
        table = parquet.read_table(io.BytesIO(reading_store.order_table(connection, "school-1", **span))).to_pylist()
    wanted = [
        {"stamp": stamp} | dict(zip(("heat", "indoor_c", "return_c"), row, strict=True))
        for stamp in sorted({stamp for stamp, _ in said})
        for row in zip_longest(*(said.get((stamp, series), []) for series in chosen))
    ]
    assert table == wanted


def test_a_room_s_series_is_a_column_of_its_name(ledger: Ledger) -> None:
    append(ledger, heat(0, 5.0), heat(0, 19.5, RoomSeries("room:2.14")), heat(1, 19.0, RoomSeries("room:2.14")))
    with ledger.read() as connection:
        table = reading_store.order_table(
            connection, "school-1", first=FIRST - HOUR, end=FIRST + 48 * HOUR, known_at=NOW
        )
        newest = reading_store.latest(connection, "school-1")
    assert parquet.read_table(io.BytesIO(table)).column("room:2.14").to_pylist() == [19.5, 19.0]
    assert newest[RoomSeries("room:2.14")] == FIRST + HOUR
