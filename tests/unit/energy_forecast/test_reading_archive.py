"""Whatever is archived when, an order is the one that it would have been; and nothing is lost where it goes wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pyarrow import parquet

from samdrift_energy_forecast.metering import reading_archive, reading_store
from samdrift_energy_forecast.metering.reading_archive import ArchivedReadingsError, archive
from samdrift_energy_forecast.metering.reading_store import Reading
from samdrift_energy_forecast.metering.series import Series
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import ConflictError, InputError
from samdrift_platform.ledger.database import Ledger

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = FIRST + timedelta(days=200)
HOURS = 60


def readings(random: Random, count: int, building: str = "a") -> list[Reading]:
    return [
        Reading(
            building=building,
            series=random.choice([Series.HEAT, Series.INDOOR]),
            stamp=FIRST + random.randrange(1, HOURS) * HOUR,
            value=random.choice([None, 1.0, 2.0, random.random()]),
        )
        for _ in range(count)
    ]


def append(ledger: Ledger, batch: list[Reading], received: datetime) -> None:
    with ledger.write() as connection:
        reading_store.append(connection, batch, source="push:x", now=received)


def table(ledger: Ledger, building: str, store: MemoryStore | None, **span: datetime) -> list[dict[str, Any]]:
    whole = {"first": FIRST, "end": FIRST + HOURS * HOUR, "known_at": NOW} | span
    with ledger.read() as connection:
        data = reading_store.order_table(connection, building, store=store, **whole)
    return parquet.read_table(io.BytesIO(data)).to_pylist() if data else []


def in_table(ledger: Ledger, building: str = "a") -> int:
    with ledger.read() as connection:
        return len(reading_store.read_back(connection, building, first=FIRST, end=FIRST + HOURS * HOUR, known_at=NOW))


@pytest.mark.parametrize("seed", range(2))
def test_an_order_does_not_change_when_its_readings_are_archived(ledger: Ledger, seed: int) -> None:
    random, store = Random(seed), MemoryStore()
    for round_ in range(4):
        received = FIRST + timedelta(days=100 + round_)
        batch = readings(random, 40)
        append(ledger, batch, received)
        append(ledger, [Reading(building="b", series=r.series, stamp=r.stamp, value=r.value) for r in batch], received)
        archive(ledger, store, "a", before=FIRST + random.randrange(HOURS) * HOUR, now=NOW)
    spans: list[dict[str, datetime]] = [
        {},
        {"first": FIRST + 20 * HOUR},
        {"end": FIRST + 30 * HOUR},
        {"known_at": FIRST + timedelta(days=101)},
    ]
    for span in spans:
        assert table(ledger, "a", store, **span) == table(ledger, "b", None, **span)
    assert in_table(ledger, "a") < in_table(ledger, "b")
    with ledger.read() as connection:
        assert reading_store.latest(connection, "a") == reading_store.latest(connection, "b")


def test_archived_readings_are_not_left_out_silently(ledger: Ledger) -> None:
    append(ledger, readings(Random(1), 20), FIRST)
    archive(ledger, MemoryStore(), "a", before=FIRST + HOURS * HOUR, now=NOW)
    with pytest.raises(ArchivedReadingsError):
        table(ledger, "a", None)
    assert table(ledger, "a", None, first=FIRST + HOURS * HOUR) == []


def test_recent_readings_stay(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="90 days"):
        archive(ledger, MemoryStore(), "a", before=NOW - timedelta(days=89), now=NOW)
    assert archive(ledger, MemoryStore(), "a", before=NOW - timedelta(days=90), now=NOW) == 0


class Interrupting(MemoryStore):
    """Something happens while an archive is being stored."""

    def __init__(self, act: Any) -> None:
        super().__init__()
        self.act = act

    def put(self, data: bytes) -> str:
        self.act()
        return super().put(data)


def test_a_reading_that_comes_meanwhile_stays(ledger: Ledger) -> None:
    append(ledger, readings(Random(1), 20), FIRST)
    late = Reading(building="a", series=Series.HEAT, stamp=FIRST + HOUR, value=99.0)
    store = Interrupting(lambda: append(ledger, [late], FIRST + HOUR))
    archive(ledger, store, "a", before=FIRST + HOURS * HOUR, now=NOW)
    assert in_table(ledger) == 1
    assert 99.0 in [row["heat"] for row in table(ledger, "a", store)]


def test_two_archives_at_once_lose_nothing(ledger: Ledger) -> None:
    append(ledger, readings(Random(1), 30), FIRST)
    before = table(ledger, "a", None)
    other = MemoryStore()
    store = Interrupting(lambda: archive(ledger, other, "a", before=FIRST + HOURS * HOUR, now=NOW))
    with pytest.raises(ConflictError, match="Try again"):
        archive(ledger, store, "a", before=FIRST + HOURS * HOUR, now=NOW)
    assert table(ledger, "a", other) == before
    with ledger.read() as connection:
        assert reading_archive.find(connection, "a") is not None
