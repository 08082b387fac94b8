"""Energinet's Energi Data Service: day-ahead prices of electricity, and its CO2, as measured and as foreseen.

Its stamps carry no Z: only the UTC columns are read, because Danish clock time names one hour twice in October. `start`
and `end` are read as Danish time, so a day more is asked for on either side, and rows are chosen here.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.errors import SourceAnswerError
from samdrift_energy_forecast.sources.issued_table import IssuedTable, issued_table

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.asking import Asker

PriceArea = Literal["DK1", "DK2"]
PRICE, CO2 = "spot_dkk_per_kwh", "electricity_kg_co2_per_kwh"
DENMARK = ZoneInfo("Europe/Copenhagen")
#: The first hour of DayAheadPrices, in quarter hours: 1 October 2025 in Denmark. Elspotprices ends the hour before.
FIRST_QUARTER_HOUR_DAY = hours.beginning_at(datetime(2025, 9, 30, 22, tzinfo=UTC))
#: The auction's prices are published at about 13 o'clock of the day before; delays of an hour happen. A price that was
#: fetched later, for a backtest, counts as known from this hour of the day before (Danish time) on.
KNOWN_AT = time(14)
#: What a spot price and an emission factor may be: between the market's limits with room, in DKK and g per unit.
PRICE_LIMITS_DKK_PER_MWH, CO2_LIMITS_G_PER_KWH = (-40_000.0, 60_000.0), (0.0, 2_000.0)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One data set: which columns are read, and how many values make an hour."""

    name: str
    stamp: str
    value: str
    #: Factor to our unit, per kWh.
    factor: float
    limits: tuple[float, float]
    #: Values that an hour has, and how many of them must be there for a mean.
    per_hour: int
    fewest: int


ELSPOT = Dataset(
    name="Elspotprices",
    stamp="HourUTC",
    value="SpotPriceDKK",
    factor=1e-3,
    limits=PRICE_LIMITS_DKK_PER_MWH,
    per_hour=1,
    fewest=1,
)
DAY_AHEAD = Dataset(
    name="DayAheadPrices",
    stamp="TimeUTC",
    value="DayAheadPriceDKK",
    factor=1e-3,
    limits=PRICE_LIMITS_DKK_PER_MWH,
    per_hour=4,
    fewest=4,
)
CO2_MEASURED, CO2_FORESEEN = (
    Dataset(
        name=name,
        stamp="Minutes5UTC",
        value="CO2Emission",
        factor=1e-3,
        limits=CO2_LIMITS_G_PER_KWH,
        per_hour=12,
        fewest=9,
    )
    for name in ("CO2Emis", "CO2EmisProg")
)


def prices(asker: Asker, area: PriceArea, first: int, end: int, fetched: datetime) -> IssuedTable:
    """Day-ahead prices in DKK/kWh of hours `first` to `end - 1`, as far as they are published; no taxes, no tariffs.

    Raises:
        SourceUnavailableError, SourceRefusedError: see `asking`.
    """
    found: dict[int, float] = {}
    if first < FIRST_QUARTER_HOUR_DAY:
        found |= _hourly(asker, ELSPOT, area, first, min(end, FIRST_QUARTER_HOUR_DAY))
    if end > FIRST_QUARTER_HOUR_DAY:
        found |= _hourly(asker, DAY_AHEAD, area, max(first, FIRST_QUARTER_HOUR_DAY), end)
    return price_table(found, fetched)


def price_table(found: Mapping[int, float], fetched: datetime) -> IssuedTable:
    """Prices by hour as a table: known since the afternoon before, or since `fetched` where that was earlier."""
    return issued_table([PRICE], ((min(fetched, published(hour)), hour, [found[hour]]) for hour in sorted(found)))


def co2_measured(asker: Asker, area: PriceArea, first: int, end: int) -> IssuedTable:
    """CO2 of the electricity used in kg/kWh as measured: each hour is known at its end."""
    found = _hourly(asker, CO2_MEASURED, area, first, end)
    return issued_table([CO2], ((hours.end_of(hour), hour, [found[hour]]) for hour in sorted(found)))


def co2_foreseen(asker: Asker, area: PriceArea, first: int, end: int, fetched: datetime) -> IssuedTable:
    """CO2 of the electricity used in kg/kWh as foreseen: known since `fetched`, for answers name no earlier time."""
    found = _hourly(asker, CO2_FORESEEN, area, first, end)
    return issued_table([CO2], ((fetched, hour, [found[hour]]) for hour in sorted(found)))


def published(hour: int) -> datetime:
    """From when on the day-ahead price of `hour` counts as known."""
    day = hours.start_of(hour).astimezone(DENMARK).date()
    return datetime.combine(day - timedelta(days=1), KNOWN_AT, DENMARK).astimezone(UTC)


def hourly_means(records: Iterable[Mapping[str, Any]], dataset: Dataset, area: str) -> dict[int, float]:
    """Hour -> mean of its values in our unit; hours with too few values are left out.

    Raises:
        SourceAnswerError: a record is not as documented, not plausible, or contradicts another one.
    """
    by_instant: dict[datetime, float] = {}
    for record in records:
        instant, value = _read(record, dataset, area)
        if math.isfinite(value) and by_instant.setdefault(instant, value) != value:
            raise SourceAnswerError(f"{dataset.name} has two values for {instant.isoformat()}. Nothing was kept.")
    by_hour: dict[int, list[float]] = defaultdict(list)
    for instant, value in by_instant.items():
        by_hour[int(instant.timestamp() // hours.SECONDS)].append(value)
    return {
        hour: sum(values) / len(values) * dataset.factor
        for hour, values in by_hour.items()
        if len(values) >= dataset.fewest
    }


def _hourly(asker: Asker, dataset: Dataset, area: PriceArea, first: int, end: int) -> dict[int, float]:
    begins, ends = hours.start_of(first) - timedelta(days=1), hours.start_of(end) + timedelta(days=1)
    parameters = {
        "start": begins.strftime("%Y-%m-%dT%H:%M"),
        "end": ends.strftime("%Y-%m-%dT%H:%M"),
        "columns": f"{dataset.stamp},PriceArea,{dataset.value}",
        "filter": json.dumps({"PriceArea": [area]}, separators=(",", ":")),
        "sort": f"{dataset.stamp} ASC",
        "limit": "0",
    }
    answer = asker.json(f"/dataset/{dataset.name}", parameters)
    means = hourly_means(_records(answer, dataset), dataset, area)
    return {hour: value for hour, value in means.items() if first <= hour < end}


def _records(answer: Mapping[str, Any], dataset: Dataset) -> list[Mapping[str, Any]]:
    records, limit = answer.get("records"), answer.get("limit") or 0
    if not isinstance(records, list):
        raise SourceAnswerError(f"{dataset.name}: {SourceAnswerError.__doc__} (no records)")
    if limit and len(records) >= limit > 1:
        raise SourceAnswerError(f"{dataset.name} cut its answer at {limit} records. Ask for a shorter time.")
    return records


def _read(record: Mapping[str, Any], dataset: Dataset, area: str) -> tuple[datetime, float]:
    try:
        instant = datetime.fromisoformat(record[dataset.stamp])
        found, value = record["PriceArea"], record[dataset.value]
        number = math.nan if value is None else float(value)
    except (KeyError, TypeError, ValueError) as error:
        raise SourceAnswerError(f"{dataset.name}: {SourceAnswerError.__doc__} ({error!r})") from error
    lowest, highest = dataset.limits
    if found != area or (math.isfinite(number) and not lowest <= number <= highest):
        raise SourceAnswerError(f"{dataset.name} says {value} for {found} at {instant}, which cannot be. Look at it.")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC), number
