from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from random import Random

from pyarrow import parquet

from samdrift_energy_forecast import reading_store
from samdrift_energy_forecast.reading_store import Kept, Reading
from samdrift_energy_forecast.series import Series
from samdrift_platform.ledger.database import Ledger

FIRST = datetime(2026, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def heat(k: int, value: float | None, series: Series = Series.HEAT) -> Reading:
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


def test_an_order_has_a_column_for_each_series_and_the_last_value_received(ledger: Ledger) -> None:
    append(ledger, heat(0, 5.0), heat(1, 6.0), heat(1, 20.5, Series.INDOOR))
    append(ledger, heat(0, 5.5))
    with ledger.read() as connection:
        data = reading_store.order_table(connection, "school-1", first=FIRST - HOUR, end=FIRST + HOUR, known_at=NOW)
    assert parquet.read_table(io.BytesIO(data)).to_pydict() == {
        "stamp": [FIRST, FIRST + HOUR],
        "heat": [5.5, 6.0],
        "indoor_c": [None, 20.5],
    }


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
    span = {"first": FIRST + HOUR, "end": FIRST + 25 * HOUR, "known_at": NOW}
    wanted: dict[datetime, dict[str, float | None]] = {}
    with ledger.read() as connection:
        for series, stamp, value, _ in reading_store.read_back(connection, "school-1", **span):
            wanted.setdefault(stamp, {})[reading_store.COLUMNS[series]] = value
        table = parquet.read_table(io.BytesIO(reading_store.order_table(connection, "school-1", **span))).to_pylist()
    names = ["heat", "indoor_c", "return_c"]
    assert table == [{"stamp": stamp} | {name: row.get(name) for name in names} for stamp, row in wanted.items()]
