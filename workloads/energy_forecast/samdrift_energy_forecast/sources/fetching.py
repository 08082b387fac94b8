"""Fetches what is missing, and leaves alone what was fetched a moment ago or is not published yet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Self

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources import dmi_forecast, dmi_observations, energi_data_service, source
from samdrift_energy_forecast.sources.asking import Asker
from samdrift_energy_forecast.sources.errors import SourceRefusedError, SourceUnavailableError
from samdrift_energy_forecast.sources.turns import Turns

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.energi_data_service import PriceArea
    from samdrift_energy_forecast.sources.issued_table import IssuedTable
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_energy_forecast.sources.place import Place
    from samdrift_platform.ledger.database import Ledger

#: DMI makes a forecast every three hours; an earlier question would get the same one.
FORECAST_EVERY = timedelta(hours=3)
#: Observations come every hour; plans need them about once.
OBSERVED_EVERY = timedelta(hours=1)
CO2_EVERY = timedelta(hours=1)
#: Before this time of the day in Denmark nobody asks for tomorrow's prices.
AUCTION = time(12, 45)
#: How far ahead the CO2 is asked for.
CO2_AHEAD_H = 48


class Fetch(StrEnum):
    """How one question ended."""

    #: Something new was kept.
    FETCHED = "fetched"
    #: What is kept is fresh enough, or nothing more is published: nobody was asked.
    FRESH = "fresh"
    #: The source answered, and had nothing new.
    NOTHING_NEW = "nothing_new"
    #: The source did not answer usefully; what was kept before goes on being used.
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One series and how fetching it ended."""

    series: str
    fetch: Fetch
    rows: int = 0
    #: Why it failed; a sentence for a person.
    reason: str = ""


class Fetching:
    """Fetches into `known`. Use it as a context manager: it holds connections."""

    def __init__(
        self,
        ledger: Ledger,
        known: KnownSeries,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] | None = None,
    ) -> None:
        """Ask the sources that the settings name."""
        self._known, self._clock, self._stack = known, clock, ExitStack()
        turns, options = Turns(ledger), {} if wait is None else {"wait": wait}
        self._dmi = Asker(source.dmi(), turns, clock=clock, **options)
        self._eds = Asker(source.energi_data_service(), turns, clock=clock, **options)

    def __enter__(self) -> Self:
        self._stack.enter_context(self._dmi)
        self._stack.enter_context(self._eds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def weather_forecast(self, place: Place) -> Fetched:
        """The newest forecast at `place`."""
        series = place.forecast_series
        if self._is_fresh(series, FORECAST_EVERY):
            return Fetched(series=series, fetch=Fetch.FRESH)
        return self._kept(series, lambda: dmi_forecast.weather_forecast(self._dmi, place, self._clock()))

    def weather_observed(self, place: Place, first: int, end: int) -> Fetched:
        """Observations near `place` of those hours from `first` to `end - 1` that are over and not kept yet."""
        series, now = place.observed_series, self._clock()
        missing = self._known.to_ask(series, now, first=first, end=min(end, _hour(now)))
        if not missing or (self._is_fresh(series, OBSERVED_EVERY) and missing[-1] - missing[0] < hours.DAY):
            return Fetched(series=series, fetch=Fetch.FRESH)
        span = (missing[0], missing[-1] + 1)
        return self._kept(series, lambda: dmi_observations.weather_observed(self._dmi, place, *span), span)

    def prices(self, area: PriceArea, first: int, end: int) -> Fetched:
        """Day-ahead prices of those hours from `first` to `end - 1` that are published and not kept yet."""
        series, now = f"dayahead:{area}", self._clock()
        missing = self._known.to_ask(series, now, first=first, end=min(end, _published_until(now)))
        if not missing:
            return Fetched(series=series, fetch=Fetch.FRESH)
        span = (missing[0], missing[-1] + 1)
        return self._kept(series, lambda: energi_data_service.prices(self._eds, area, *span, now), span)

    def co2_measured(self, area: PriceArea, first: int, end: int) -> Fetched:
        """CO2 as measured of those hours from `first` to `end - 1` that are over and not kept yet."""
        series, now = f"co2:{area}", self._clock()
        missing = self._known.to_ask(series, now, first=first, end=min(end, _hour(now)))
        if not missing or (self._is_fresh(series, CO2_EVERY) and missing[-1] - missing[0] < hours.DAY):
            return Fetched(series=series, fetch=Fetch.FRESH)
        span = (missing[0], missing[-1] + 1)
        return self._kept(series, lambda: energi_data_service.co2_measured(self._eds, area, *span), span)

    def co2_foreseen(self, area: PriceArea) -> Fetched:
        """CO2 as foreseen now."""
        series, now = f"co2-foreseen:{area}", self._clock()
        if self._is_fresh(series, CO2_EVERY):
            return Fetched(series=series, fetch=Fetch.FRESH)
        span = (_hour(now), _hour(now) + CO2_AHEAD_H)
        return self._kept(series, lambda: energi_data_service.co2_foreseen(self._eds, area, *span, now))

    def _is_fresh(self, series: str, every: timedelta) -> bool:
        latest = self._known.latest_fetch(series)
        return latest is not None and self._clock() - latest < every

    def _kept(self, series: str, asked: Callable[[], IssuedTable], span: tuple[int, int] | None = None) -> Fetched:
        """Ask, keep, and say how it ended: a source that fails must not fail a plan."""
        try:
            table = asked()
        except (SourceUnavailableError, SourceRefusedError) as error:
            return Fetched(series=series, fetch=Fetch.FAILED, reason=error.message)
        if self._known.keep(series, table, self._clock(), asked=span) is None:
            return Fetched(series=series, fetch=Fetch.NOTHING_NEW)
        return Fetched(series=series, fetch=Fetch.FETCHED, rows=len(table))


def _hour(now: datetime) -> int:
    """The hour that `now` lies in."""
    return int(now.timestamp() // hours.SECONDS)


def _published_until(now: datetime) -> int:
    """The hour before which prices may be published: the end of today in Denmark, of tomorrow after the auction."""
    local = now.astimezone(energi_data_service.DENMARK)
    day = local.date() + timedelta(days=1 if local.time() < AUCTION else 2)
    return hours.beginning_at(datetime.combine(day, time(), energi_data_service.DENMARK).astimezone(UTC))
